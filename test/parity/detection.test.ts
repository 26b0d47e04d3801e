/**
 * Parity with torchvision's Faster R-CNN: proposals, detections, losses for given samples, and
 * gradients, recorded by record_detection.py.
 */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { gradients } from '../../src/autodiff/index.ts'
import { type Graph, graph, input, type Value } from '../../src/graph/index.ts'
import { inference, type Mode, namedValues, trace, variables } from '../../src/nn/index.ts'
import { add, reduceMean } from '../../src/ops/index.ts'
import { detectionLoss } from '../../src/tasks/detection/loss.ts'
import { sizeOf, type Tensors } from '../../src/tensor/tensor.ts'
import { FLOAT32_ENGINES } from './compare.ts'
import { formulaWeights, INPUT, images, targets, tinyDetector, toOriginal } from './tinyDetector.ts'

interface Recorded {
  readonly detections: readonly {
    readonly boxes: readonly number[]
    readonly scores: readonly number[]
    readonly labels: readonly number[]
  }[]
  readonly losses: Readonly<Record<string, number>>
  /** The sum of absolute values of each. */
  readonly gradients: Readonly<Record<string, number>>
}

const recorded = JSON.parse(
  readFileSync(new URL('fixtures/detection.json', import.meta.url), 'utf8'),
) as Recorded

const network = tinyDetector()
const weights = formulaWeights(network)
const values = new Map<string, Value>(
  variables(network).map(({ name, tensor }) => [name, input(name, tensor.shape)]),
)
const truth = targets()
const [height, width] = INPUT
const x = input('images', [3, 3, height, width])

/** Traced as for training or inference, and the random inputs it asks for. */
const traced = (training: boolean) => {
  const drawn: Value[] = []
  const mode: Mode = {
    ...inference,
    training,
    targets: Object.fromEntries(
      Object.entries(truth).map(([name, { shape, data }]) => [
        name,
        input(name, shape, data instanceof Int32Array ? 'int32' : 'float32'),
      ]),
    ),
    uniform: shape => {
      const value = input(`uniform${drawn.length}`, shape)
      drawn.push(value)
      return value
    },
  }
  const outputs = trace(network, name => values.get(name) as Value, x, mode)
  return { outputs: namedValues(outputs, 'y'), drawn }
}

/** Falling numbers draw the first of all candidates, as the recorded sampler does. */
const falling = ({ shape }: Value): Float32Array => {
  const [, count] = shape
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => 1 - ((i % count) + 1) / (count + 1))
}

const run = async (
  engine: (typeof FLOAT32_ENGINES)[number],
  made: Graph,
  drawn: readonly Value[],
) => {
  const feeds: Tensors = {
    images: { shape: x.shape, data: images() },
    ...truth,
    ...Object.fromEntries(
      drawn.map(value => [value.name, { shape: value.shape, data: falling(value) }]),
    ),
    ...Object.fromEntries(
      [...weights].map(([name, data]) => [name, { shape: values.get(name)?.shape ?? [], data }]),
    ),
  }
  const compiled = await engine.compile(made)
  const outputs = await compiled.run(feeds)
  await compiled.dispose()
  return outputs
}

describe.each(FLOAT32_ENGINES.map(engine => [engine.name, engine] as const))('%s', (_, engine) => {
  it('detects what torchvision does', async () => {
    const { outputs, drawn } = traced(false)
    const { boxes, scores, labels } = await run(engine, graph(outputs), drawn)
    for (const [i, wanted] of recorded.detections.entries()) {
      expect([...labels.data.slice(10 * i, 10 * i + 10)]).toEqual(wanted.labels)
      for (const [d, score] of wanted.scores.entries())
        expect(scores.data[10 * i + d]).toBeCloseTo(score, 5)
      for (const [at, corner] of wanted.boxes.entries())
        expect(Math.abs(toOriginal(i, boxes.data[40 * i + at], at) - corner)).toBeLessThan(1e-3)
    }
  })

  it('has its losses and gradients', async () => {
    const { outputs, drawn } = traced(true)
    const losses = detectionLoss(outputs)
    const sums = Object.fromEntries(
      Object.entries(losses).map(([name, each]) => [name, reduceMean(each)]),
    )
    const total = Object.values(sums).reduce((sum, next) => add(sum, next))
    const names = Object.keys(recorded.gradients)
    const slopes = gradients(
      total,
      names.map(name => values.get(name) as Value),
    )
    const got = await run(
      engine,
      graph({ ...sums, ...Object.fromEntries(names.map((name, i) => [`d ${name}`, slopes[i]])) }),
      drawn,
    )
    for (const [name, loss] of Object.entries(recorded.losses))
      expect(Math.abs(got[name].data[0] - loss), name).toBeLessThan(1e-4 * Math.abs(loss))
    for (const [name, abs] of Object.entries(recorded.gradients)) {
      const slopes = [...got[`d ${name}`].data]
      const mass = slopes.reduce((sum, slope) => sum + Math.abs(slope), 0)
      expect(Math.abs(mass - abs), name).toBeLessThan(1e-4 * abs)
    }
  })
})
