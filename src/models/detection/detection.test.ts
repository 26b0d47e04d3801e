/** The parts of a detector against torchvision 0.14 and numbers done by hand; its names and sizes. */

import { describe, expect, it } from 'vitest'
import { referenceEngine } from '../../engines/reference/engine.ts'
import { graph, sizeOf, type Value } from '../../graph/index.ts'
import { inference, type Mode, variables } from '../../nn/index.ts'
import { constant, greater } from '../../ops/index.ts'
import { model } from '../registry.ts'
import { anchorsOf, cellAnchors } from './anchors.ts'
import { clipBoxes, decode, encode, intersectionOverUnion } from './boxes.ts'
import { match } from './match.ts'
import { REGION_WEIGHTS } from './roi.ts'
import { drawnMask, sample } from './sample.ts'
import { assignAnchors, objectsOf } from './targets.ts'

const numbers = async (outputs: Readonly<Record<string, Value>>): Promise<number[][]> => {
  const compiled = await referenceEngine.compile(graph(outputs))
  const made = await compiled.run({})
  return Object.keys(outputs).map(name => [...made[name].data])
}
const boxes = (...all: readonly (readonly number[])[]): Value =>
  constant(all.flat(), [1, all.length, 4])

describe('boxes', () => {
  const [from, to] = [boxes([10, 20, 50, 100]), boxes([12, 18, 60, 90])]

  it('deltas are those of torchvision, and lead back', async () => {
    const deltas = encode(from, to, REGION_WEIGHTS)
    const [got, back] = await numbers({ deltas, back: decode(from, deltas, REGION_WEIGHTS) })
    for (const [i, wanted] of [1.5, -0.75, 0.91160798, -0.52680272].entries())
      expect(got[i]).toBeCloseTo(wanted, 6)
    for (const [i, wanted] of [12, 18, 60, 90].entries()) expect(back[i]).toBeCloseTo(wanted, 10)
  })

  it('grow at most 62.5 times', async () => {
    const [[x1, , x2]] = await numbers({
      y: decode(boxes([0, 0, 2, 2]), boxes([0, 0, 99, 0]), [1, 1, 1, 1]),
    })
    expect(x2 - x1).toBeCloseTo(125, 8)
  })

  it('are clipped to their own image, and padding overlaps nothing', async () => {
    const sizes = constant([30, 40], [1, 2])
    const none = boxes([0, 0, 0, 0])
    const [clipped, overlaps] = await numbers({
      clipped: clipBoxes(boxes([-5, 3, 99, 99]), sizes),
      overlaps: intersectionOverUnion(boxes([0, 0, 10, 10], [0, 0, 0, 0]), none),
    })
    expect(clipped).toEqual([0, 3, 40, 30])
    expect(overlaps).toEqual([0, 0])
  })
})

describe('anchors', () => {
  it('of a cell are rounded as torchvision rounds them', () => {
    expect(cellAnchors(32, [0.5, 1, 2])).toEqual([
      [-23, -11, 23, 11],
      [-16, -16, 16, 16],
      [-11, -23, 11, 23],
    ])
    expect(cellAnchors(9, [1])).toEqual([[-4, -4, 4, 4]])
  })

  it('step by the size over the grid, rounded down', () => {
    const [level] = anchorsOf([[13, 1]], [800, 64], { anchorSizes: [4], ratios: [1] })
    expect(level.slice(0, 8)).toEqual([-2, -2, 2, 2, -2, 59, 2, 63])
  })
})

describe('matching', () => {
  const labelsOf = async (rows: readonly (readonly number[])[], real = [1, 1]) => {
    // Rows are objects, as torchvision has them.
    const overlaps = constant(
      rows[0].flatMap((_, a) => rows.map(row => row[a])),
      [1, rows[0].length, rows.length],
    )
    const isReal = greater(constant(real.slice(0, rows.length), [1, rows.length]), 0.5)
    const [labels] = await numbers({
      labels: match(overlaps, isReal, { positive: 0.7, negative: 0.3, lowQuality: true }).labels,
    })
    return labels
  }

  it('rescues every box that overlaps an object as much as the best, were it not at all', async () => {
    expect(
      await labelsOf([
        [0, 0, 0],
        [0.2, 0.5, 0.8],
      ]),
    ).toEqual([1, 1, 1])
    expect(
      await labelsOf([
        [0.2, 0.5, 0.5],
        [0.1, 0.1, 0.75],
      ]),
    ).toEqual([0, 1, 1])
  })

  it('knows no object that is padding', async () => {
    expect(
      await labelsOf(
        [
          [0, 0, 0],
          [0.2, 0.5, 0.9],
        ],
        [0, 1],
      ),
    ).toEqual([0, -1, 1])
    expect(await labelsOf([[0, 0.9, 0]], [0])).toEqual([0, 0, 0])
  })
})

describe('sampling', () => {
  const draw = async (labels: readonly number[], count: number) => {
    const uniforms = labels.map((_, i) => 1 - (i + 1) / (labels.length + 1))
    const shape = [1, labels.length]
    const drawn = sample(constant(labels, shape), constant(uniforms, shape), {
      count,
      positive: 0.5,
    })
    const { indices, drawn: full } = drawn
    const [places, slots, mask] = await numbers({
      indices,
      full,
      mask: drawnMask(drawn, labels.length),
    })
    return { taken: places.filter((_, i) => slots[i] === 1), mask }
  }

  it('takes positives up to their share, and fills up with negatives', async () => {
    expect(await draw([1, 0, 1, 0, 1, -1, 0], 4)).toEqual({
      taken: [0, 2, 1, 3],
      mask: [1, 1, 1, 1, 0, 0, 0],
    })
    expect((await draw([0, 0, 2, 0, 0], 4)).taken).toEqual([2, 0, 1, 3])
  })

  it('leaves slots empty where there are too few, and never draws what is neither', async () => {
    expect((await draw([-1, 1, -1, 0, -1], 4)).taken).toEqual([1, 3])
  })
})

it('an image without objects has only background, and finite targets', async () => {
  const mode: Mode = { ...inference, uniform: shape => constant([0.5], shape) }
  const objects = objectsOf({
    boxes: constant([0], [1, 3, 4]),
    classes: constant([0], [1, 3], 'int32'),
  })
  const { anchorLabels, anchorTargets } = assignAnchors([0, 0, 8, 8, 4, 4, 9, 9], objects, mode, {
    positive: 0.7,
    negative: 0.3,
    count: 2,
    share: 0.5,
  })
  const [labels, targets] = await numbers({ anchorLabels, anchorTargets })
  expect(labels).toEqual([0, 0])
  expect(targets).toEqual(new Array(8).fill(0))
})

describe('the parameters of torchvision', () => {
  const count = (name: string, options = {}): number =>
    variables(model(name, options).network)
      .filter(({ tensor }) => tensor.kind === 'parameter')
      .reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0)

  it.each([
    ['91 classes, frozen statistics', { frozenNorm: true }, 41_755_286],
    ['81 classes', { frozenNorm: true, classes: 80 }, 41_704_036],
    ['batch normalization', {}, 41_808_406],
  ])('%s', (_, options, wanted) => {
    expect(count('fasterrcnn-resnet50', options)).toBe(wanted)
  })

  it('have its names, as many as its state dictionary', () => {
    const { network } = model('fasterrcnn-resnet50', { frozenNorm: true })
    const names = variables(network).map(({ name }) => name)
    expect(names).toHaveLength(295)
    expect(names).toEqual(
      expect.arrayContaining([
        'backbone.body.layer4.2.bn3.running_var',
        'backbone.fpn.inner_blocks.3.0.bias',
        'backbone.fpn.layer_blocks.0.0.weight',
        'rpn.head.conv.0.0.weight',
        'rpn.head.bbox_pred.bias',
        'roi_heads.box_head.fc6.weight',
        'roi_heads.box_predictor.bbox_pred.bias',
      ]),
    )
  })

  it('stand on any residual backbone with any attention, and on no other', () => {
    const { network, task } = model('fasterrcnn-se-resnet18', { classes: 3, pyramid: 32 })
    expect(task).toBe('detection')
    const names = variables(network).map(({ name }) => name)
    expect(names).toContain('backbone.body.layer1.0.se.fc1.weight')
    expect(count('fasterrcnn-sknet50')).toBeGreaterThan(40_000_000)
    expect(() => model('fasterrcnn-resnet20')).toThrow('a residual backbone for ImageNet')
  })
})
