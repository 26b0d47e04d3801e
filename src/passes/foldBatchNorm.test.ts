/** Folding: the same logits from fewer nodes, and nothing folded that others read. */

import { describe, expect, it } from 'vitest'
import type { Tensors } from '../engines/engine.ts'
import { referenceEngine } from '../engines/reference/engine.ts'
import { type Graph, graph, input, sizeOf } from '../graph/index.ts'
import { inferenceGraph } from '../models/inferenceGraph.ts'
import { model } from '../models/registry.ts'
import { add, batchNormalizationInference, convolution, relu } from '../ops/index.ts'
import { random } from '../random/index.ts'
import { checkExport } from '../weights/checkExport.ts'
import { exportOnnx } from '../weights/export.ts'
import { foldBatchNorm } from './foldBatchNorm.ts'

const value = (name: string, i: number): number => {
  const drawn = random(1).fork(name).normal(i)
  return /var/.test(name) ? 0.5 + Math.abs(drawn) : drawn
}

const tensorsOf = ({ inputs }: Graph): Map<string, Float32Array> =>
  new Map(
    inputs
      .filter(({ name }) => name !== 'images')
      .map(({ name = '', shape }) => [
        name,
        Float32Array.from({ length: sizeOf(shape) }, (_, i) => value(name, i)),
      ]),
  )

const count = ({ nodes }: Graph): number =>
  nodes.filter(({ op }) => op === 'batchNormalizationInference').length

const run = async (
  { inputs, nodes, outputs }: Graph,
  tensors: ReadonlyMap<string, Float32Array>,
): Promise<Tensors> => {
  const feeds = Object.fromEntries(
    inputs.map(({ name = '', shape }) => {
      const data =
        tensors.get(name) ??
        Float32Array.from({ length: sizeOf(shape) }, (_, i) => value('images', i))
      return [name, { shape, data }]
    }),
  )
  const compiled = await referenceEngine.compile({ inputs, nodes, outputs })
  return compiled.run(feeds)
}

/** Both graphs on the reference engine: the largest difference. */
const difference = async (original: Graph): Promise<number> => {
  const tensors = tensorsOf(original)
  const folded = foldBatchNorm(original, tensors)
  const [a, b] = await Promise.all([run(original, tensors), run(folded.graph, folded.tensors)])
  return Object.keys(a).reduce((most, name) => {
    const other = b[name].data
    return Math.max(
      most,
      ...Array.from(a[name].data, (x, i) => Math.abs(Number(x) - Number(other[i]))),
    )
  }, 0)
}

const images = input('images', [2, 3, 5, 4])
const vectors = (prefix: string, size: number) =>
  ['weight', 'bias', 'mean', 'var'].map(name => input(`${prefix}.${name}`, [size])) as [
    ReturnType<typeof input>,
    ReturnType<typeof input>,
    ReturnType<typeof input>,
    ReturnType<typeof input>,
  ]
const weight = input('conv.weight', [6, 1, 3, 3])
const bias = input('conv.bias', [6])

const GRAPHS: Readonly<Record<string, readonly [graph: Graph, left: number]>> = {
  'without a bias, in groups': [
    graph({
      y: relu(
        batchNormalizationInference(
          convolution(images, weight, undefined, { group: 3 }),
          ...vectors('bn', 6),
          0.1,
        ),
      ),
    }),
    0,
  ],
  'with a bias': [
    graph({
      y: batchNormalizationInference(
        convolution(images, weight, bias, { group: 3, stride: 2 }),
        ...vectors('bn', 6),
      ),
    }),
    0,
  ],
  'not after an addition': [
    graph({ y: batchNormalizationInference(add(images, 1), ...vectors('bn', 3)) }),
    1,
  ],
}
const convolved = convolution(images, weight, undefined, { group: 3 })
const SHARED: typeof GRAPHS = {
  'not what others read too': [
    graph({ y: add(convolved, batchNormalizationInference(convolved, ...vectors('bn', 6))) }),
    1,
  ],
  'not what is an output itself': [
    graph({ y: convolved, z: batchNormalizationInference(convolved, ...vectors('bn', 6)) }),
    1,
  ],
  'not a weight that two convolutions share': [
    graph({
      y: batchNormalizationInference(convolved, ...vectors('bn', 6)),
      z: convolution(images, weight, undefined, { group: 3, stride: 2 }),
    }),
    1,
  ],
}

describe('folding', () => {
  it.each(Object.entries({ ...GRAPHS, ...SHARED }))('%s', async (_, [original, left]) => {
    expect(count(foldBatchNorm(original, tensorsOf(original)).graph)).toBe(left)
    expect(await difference(original)).toBeLessThan(1e-5)
  })

  it.each([
    ['se-resnet8', 0],
    ['gct-resnet8', 0],
    ['sk-resnet8', 0],
    // Each unit's first follows an addition, but for the first unit; and the last of all.
    ['resnet164', 54],
  ])('of %s leaves %i', (name, left) => {
    const original = inferenceGraph(model(name), 1, [16, 16])
    const zeros = new Map(
      original.inputs.map(({ name = '', shape }) => [name, new Float32Array(sizeOf(shape))]),
    )
    expect(count(foldBatchNorm(original, zeros).graph)).toBe(left)
  })

  it('changes no logits of the file', async () => {
    const network = model('se-resnet8', { classes: 4 })
    const original = inferenceGraph(network, 1, [16, 12])
    const trained = {
      card: {
        model: 'se-resnet8',
        classes: ['a', 'b', 'c', 'd'],
        channels: 3,
        height: 16,
        width: 12,
        mean: [0, 0, 0],
        std: [1, 1, 1],
      },
      model: network,
      tensors: tensorsOf(original),
    }
    const bytes = exportOnnx(trained)
    expect(Buffer.from(bytes).includes('BatchNormalization')).toBe(false)
    await expect(checkExport(bytes, trained)).resolves.toBeGreaterThanOrEqual(0)
  })
})
