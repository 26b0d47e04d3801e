/** Chains of element-wise operations, of random shapes and operands, against the reference. */

import { expect, it } from 'vitest'
import { graph, input, type Shape, sizeOf, type Value } from '../../../graph/index.ts'
import {
  abs,
  add,
  batchNormalizationInference,
  clip,
  constant,
  convolution,
  div,
  maximum,
  maxPool,
  mul,
  relu,
  sigmoid,
  sub,
  tanh,
} from '../../../ops/index.ts'
import { random } from '../../../random/index.ts'
import type { Tensor } from '../../engine.ts'
import { referenceEngine } from '../../reference/engine.ts'
import { onednnEngine } from '../engine.ts'

const missing = await onednnEngine.version().then(
  () => undefined,
  (error: Error) => error.message,
)

const GRAPHS = 50
const MOST_STEPS = 5
const SHAPES: readonly Shape[] = [
  [1],
  [37],
  [5000],
  [3, 5],
  [8, 33],
  [2, 3, 7],
  [3, 3, 1, 1],
  [2, 16, 1, 1],
  [2, 20, 1, 1],
  [2, 3, 5, 4],
  [2, 5, 4, 5],
  [3, 16, 3, 3],
  [2, 24, 7, 5],
  [1, 1, 9, 9],
  [2, 32, 8, 8],
]

const UNARY = [relu, sigmoid, tanh, abs, (x: Value) => clip(x, -0.5, 0.7), (x: Value) => mul(x, 3)]
const BINARY = [add, mul, sub, maximum, (a: Value, b: Value) => div(a, add(abs(b), 1))]

/** A chain, and what to feed it with. */
const drawChain = (seed: number) => {
  const draw = random(seed).fork('chain')
  let drawn = 0
  const below = (count: number): number => Math.floor(draw.uniform(drawn++) * count)
  const feeds: Record<string, Tensor> = {}
  const fresh = (shape: Shape, positive = false): Value => {
    const name = `x${Object.keys(feeds).length}`
    const own = draw.fork(name)
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
      positive ? 0.5 + own.uniform(i) : own.normal(i),
    )
    feeds[name] = { shape, data }
    return input(name, shape)
  }
  const shape = SHAPES[seed % SHAPES.length]
  const channels = shape[1] ?? 1
  const operand = (): Value => {
    const ones = shape.map(() => 1)
    const kinds = [shape, [], ones, ...(shape.length > 1 ? [ones.with(1, channels)] : [])]
    if (shape.length > 2) kinds.push([shape[0], channels, ...ones.slice(2)])
    return fresh(kinds[below(kinds.length)])
  }
  const normalized = (x: Value): Value => {
    const vectors = [0, 1, 2].map(() => fresh([channels]))
    return batchNormalizationInference(
      x,
      vectors[0],
      vectors[1],
      vectors[2],
      fresh([channels], true),
    )
  }
  let x = fresh(shape)
  if (shape.length === 4 && below(2) === 0) {
    const group = channels % 32 === 0 ? [1, 2, 8][below(3)] : 1
    const weight = fresh([channels, channels / group, 3, 3])
    x = convolution(x, weight, fresh([channels]), { padding: 1, group })
  }
  const outputs: Record<string, Value> = {}
  for (let step = 1 + below(MOST_STEPS); step > 0; step--) {
    const kind = below(4)
    if (kind === 0) x = UNARY[below(UNARY.length)](x)
    else if (kind === 1 && shape.length > 1) x = normalized(x)
    else {
      const f = BINARY[below(BINARY.length)]
      x = below(2) === 0 ? f(x, operand()) : f(operand(), x)
    }
    if (below(6) === 0) outputs[`y${step}`] = x
  }
  return { graph: graph({ ...outputs, y: x }), feeds }
}

it.skipIf(missing !== undefined)('are what the reference makes of them', async () => {
  for (let seed = 0; seed < GRAPHS * SHAPES.length; seed++) {
    const { graph, feeds } = drawChain(seed)
    const wanted = await (await referenceEngine.compile(graph)).run(feeds)
    const compiled = await onednnEngine.compile(graph, { threads: 2 })
    const got = await compiled.run(feeds)
    await compiled.dispose()
    for (const [name, { data }] of Object.entries(wanted)) {
      const most = Math.max(1, ...data.map(Math.abs))
      for (const [i, value] of data.entries())
        if (!(Math.abs(got[name].data[i] - value) <= 1e-4 * most))
          expect.fail(
            `seed ${seed}, ${name}[${i}]: ${got[name].data[i]}, not ${value}\n${graph.nodes.map(n => `${n.op} ${n.inputs.map(v => v.shape.join('x')).join(' ')}`).join('\n')}`,
          )
    }
  }
})

it.skipIf(missing !== undefined)(
  'keep a NaN that stands among numbers in a window, and one before a fused ReLU',
  async () => {
    const x = input('x', [1, 16, 4, 4])
    const data = Float32Array.from({ length: 256 }, (_, i) => (i === 21 ? Number.NaN : i))
    const pooled = maxPool(x, { kernel: 2, stride: 2 })
    const weight = constant(1, [16, 16, 1, 1])
    const compiled = await onednnEngine.compile(
      graph({ pooled, y: relu(convolution(x, weight)), z: relu(add(convolution(x, weight), x)) }),
    )
    const { pooled: largest, y, z } = await compiled.run({ x: { shape: x.shape, data } })
    await compiled.dispose()
    const places = (values: ArrayLike<number>): number[] =>
      Array.from(values).flatMap((value, i) => (Number.isNaN(value) ? [i] : []))
    expect(places(largest.data)).toEqual([4])
    const channels = Array.from({ length: 16 }, (_, c) => 16 * c + 5)
    expect([y, z].map(({ data }) => places(data))).toEqual([channels, channels])
  },
)
