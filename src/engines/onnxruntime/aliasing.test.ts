/**
 * No node of a training step may change what another one reads. ONNX Runtime 1.30's training batch
 * normalization writes its running outputs over its running inputs, even where others need them:
 * constants shared by normalizations of equal width once gave wrong gradients and statistics.
 */

import { describe, expect, it } from 'vitest'
import { se } from '../../attention/se.ts'
import { type Graph, graph, input, sizeOf, type Value } from '../../graph/index.ts'
import { resnet } from '../../models/resnet.ts'
import { initialize, type Layer } from '../../nn/index.ts'
import { type BatchStatistics, batchNormalization } from '../../ops/batchNormalization.ts'
import { add, constant, mul, neg, reduceMax } from '../../ops/index.ts'
import { random } from '../../random/index.ts'
import { pack } from '../../train/layout.ts'
import { sgd } from '../../train/optimizers.ts'
import { trainingStep } from '../../train/step.ts'
import type { Engine, Tensor, Tensors } from '../engine.ts'
import { referenceEngine } from '../reference/engine.ts'
import { onnxEngine } from './engine.ts'

const TOLERANCE = 1e-4
const SEED = 3

const normal = (name: string, shape: readonly number[], scale = 1): Tensor => {
  const draw = random(SEED).fork(name)
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => scale * draw.normal(i))
  return { shape, data }
}

const runTwice = async (engine: Engine, graph: Graph, feeds: Tensors): Promise<Tensors[]> => {
  const compiled = await engine.compile(graph)
  const first = await compiled.run(feeds)
  const second = await compiled.run(feeds)
  await compiled.dispose()
  return [first, second]
}

/** Each output is within the tolerance, relative to its largest element; a second run has its bits. */
const expectAlike = async (graph: Graph, feeds: Tensors): Promise<void> => {
  const given = structuredClone(feeds)
  const [wanted] = await runTwice(referenceEngine, graph, feeds)
  const [first, second] = await runTwice(onnxEngine, graph, feeds)
  const apart = Object.entries(wanted).map(([name, { data }]) => {
    const largest = Math.max(...data.map(Math.abs))
    const difference = Math.max(...data.map((value, i) => Math.abs(value - first[name].data[i])))
    return { name, distance: difference / largest }
  })
  expect(apart.filter(({ distance }) => !(distance <= TOLERANCE))).toEqual([])
  expect(second).toEqual(first)
  expect(feeds, 'what was passed in').toEqual(given)
}

const EQUAL_WIDTHS: Readonly<Record<string, Layer>> = {
  'a ResNet of basic blocks': resnet({
    block: 'basic',
    depths: [3, 2],
    planes: 4,
    stem: 'cifar',
    shortcut: 'pad',
    classes: 5,
  }),
  'a ResNet of bottlenecks, with projections and SE': resnet({
    block: 'bottleneck',
    depths: [2, 1],
    planes: 4,
    stem: 'cifar',
    classes: 5,
    attention: se({ reduction: 4 }),
  }),
  'a pre-activation ResNet': resnet({
    block: 'preactivation',
    depths: [2, 2],
    planes: 4,
    stem: 'cifar',
    classes: 5,
  }),
}

describe('a training step on the ONNX engine', () => {
  it.each(Object.entries(EQUAL_WIDTHS))(
    'has the gradients and running statistics of the reference: %s',
    async (_, network) => {
      const images = [4, 3, 8, 8]
      // Of a zero momentum vector, SGD makes the gradient.
      const step = trainingStep({ network, images, optimizer: sgd() })
      const weights = initialize(network, SEED)
      const flat = (layout: typeof step.parameters): Tensor => ({
        shape: [layout.size],
        data: pack(layout, weights),
      })
      const zeros = { shape: [step.parameters.size], data: new Float32Array(step.parameters.size) }
      await expectAlike(step.graph, {
        images: normal('images', images),
        labels: { shape: [4], data: Int32Array.of(0, 3, 1, 4) },
        learningRate: { shape: [], data: Float32Array.of(0.1) },
        step: { shape: [], data: Float32Array.of(1) },
        parameters: flat(step.parameters),
        buffers: flat(step.buffers),
        momentum: zeros,
      })
    },
  )
})

const WIDTH = 4
const SHAPE = [3, WIDTH, 5, 5]
const scale = input('scale', [WIDTH])
const bias = input('bias', [WIDTH])

/** What the normalizations have as scale and bias. */
const SHARED: Readonly<Record<string, readonly [scale: Value, bias: Value]>> = {
  'inputs of the graph': [scale, bias],
  'computed vectors': [add(scale, 1), neg(bias)],
  'one vector as both': [scale, scale],
  constants: [constant([1, 2, 3, 4]), constant([4, 3, 2, 1])],
}

describe('three batch normalizations on the ONNX engine that share scale and bias', () => {
  it.each(Object.entries(SHARED))('do not disturb each other: %s', async (_, [scale, bias]) => {
    const results: BatchStatistics[] = []
    for (const name of ['x0', 'x1', 'x2']) {
      const x = input(name, SHAPE)
      const before = results.at(-1)?.output
      results.push(batchNormalization(before ? add(x, before) : x, scale, bias))
    }
    // Whatever is read is read after the last one, as a backward pass does.
    const late = reduceMax(results[2].output)
    const each = results.flatMap((statistics, i) =>
      Object.entries(statistics).map(([part, value]): [string, Value] => [
        `${part} ${i}`,
        mul(value, late),
      ]),
    )
    const vectors = { scale: mul(scale, late), bias: mul(neg(bias), late) }
    const all = graph({ ...Object.fromEntries(each), ...vectors })
    const feeds = Object.fromEntries(
      all.inputs.map(({ name = '', shape }, i) => [name, normal(name, shape, i + 1)]),
    )
    await expectAlike(all, feeds)
  })
})
