/** NaN, infinities, zeros of either sign and subnormals: no engine may make a number of what is none. */

import { describe, expect, it } from 'vitest'
import { graph, input, type Shape, sizeOf, type Value } from '../graph/index.ts'
import * as ops from '../ops/index.ts'
import type { Engine, Tensor } from './engine.ts'
import { referenceEngine } from './reference/engine.ts'

const SPECIAL = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1e-40,
  -1e-40,
  1e37,
  -1e37,
  1,
  -1,
  3,
  -3,
  100,
  -100,
  0.5,
]
const N = SPECIAL.length

/** Every special value beside every other, in a shape that engines give their own layouts. */
const SHAPE: Shape = [1, N, N / 4, 4]
const [x, z] = [input('x', SHAPE), input('z', SHAPE)]
const line = input('line', [N])
/** As z, without numbers whose squares are infinite. */
const small = input('small', SHAPE)
const eye = input('eye', [N, N, 1, 1])
const [ones, zeros] = [ops.constant(1, [N]), ops.constant(0, [N])]

const tensor = (shape: Shape, value: (i: number) => number): Tensor => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => value(i)),
})

const FEEDS = {
  x: tensor(SHAPE, i => SPECIAL[i % N]),
  z: tensor(SHAPE, i => SPECIAL[Math.floor(i / N)]),
  small: tensor(SHAPE, i => SPECIAL[Math.floor(i / N)] % 1e30),
  line: tensor([N], i => SPECIAL[i]),
  eye: tensor([N, N, 1, 1], i => (i % (N + 1) === 0 ? 1 : 0)),
}

const UNARY = {
  abs: ops.abs,
  clip: (v: Value) => ops.clip(v, -1, 1.5),
  elu: ops.elu,
  exp: ops.exp,
  hardSigmoid: (v: Value) => ops.hardSigmoid(v),
  hardSwish: ops.hardSwish,
  neg: ops.neg,
  relu: ops.relu,
  sigmoid: ops.sigmoid,
  sign: ops.sign,
  silu: ops.silu,
  sqrt: ops.sqrt,
  square: (v: Value) => ops.power(v, 2),
  tanh: ops.tanh,
}

const { add, convolution, maximum, minimum, mul, relu } = ops
const window = { kernel: 3, stride: 1, padding: 1 }
const normalized = ops.batchNormalization(small, ones, zeros)

const CASES: Readonly<Record<string, Value>> = {
  ...Object.fromEntries(
    Object.entries(UNARY).flatMap(([name, f]) => [
      [name, f(x)],
      [`${name} of few`, f(line)],
      [`${name} of a sum`, f(add(x, z))],
      [`${name} of a convolution`, f(convolution(z, eye))],
    ]),
  ),
  add: add(x, z),
  div: ops.div(x, z),
  maximum: maximum(x, z),
  'maximum of a number': maximum(x, 0),
  'maximum of a sum': maximum(add(x, z), x),
  minimum: minimum(x, z),
  'minimum of a number': minimum(x, 1),
  mul: mul(x, z),
  sub: ops.sub(x, z),
  greater: ops.greater(x, z),
  less: ops.less(x, z),
  equal: ops.equal(x, z),
  where: ops.where(ops.greater(z, 0), x, z),
  averagePool: ops.averagePool(z, window),
  maxPool: ops.maxPool(ops.abs(z), { kernel: 4 }),
  'maxPool of −Infinity alone': ops.maxPool(z, { kernel: 4 }),
  'maxPool of NaN among numbers': ops.maxPool(x, { kernel: 2 }),
  logSoftmax: ops.logSoftmax(x, 1),
  softmax: ops.softmax(x, 1),
  'softmax along rows': ops.softmax(z, 3),
  reduceMax: ops.reduceMax(x, [1]),
  'reduceMax of few axes': ops.reduceMax(z, [1, 3]),
  'reduceMax of space': ops.reduceMax(z, [2, 3]),
  reduceMin: ops.reduceMin(x, [1]),
  'reduceMin of few axes': ops.reduceMin(z, [1, 3]),
  reduceMean: ops.reduceMean(z, [2, 3]),
  reduceSum: ops.reduceSum(x),
  reduceSumSquare: ops.reduceSumSquare(z, [1]),
  batchNormalization: normalized.output,
  'batchNormalization, relu': relu(normalized.output),
  'batchNormalizationInference, relu': relu(
    ops.batchNormalizationInference(z, ones, zeros, zeros, ones),
  ),
  layerNormalization: ops.layerNormalization(z, ops.constant(1, [4]), ops.constant(0, [4])),
}

/** A number is that number; an infinity may be NaN, which is never hidden either. */
const isAlike = (got: number, wanted: number): boolean => {
  if (Number.isNaN(wanted)) return Number.isNaN(got)
  if (!Number.isFinite(wanted)) return got === wanted || Number.isNaN(got)
  return Math.abs(got - wanted) <= 1e-5 + 1e-4 * Math.abs(wanted)
}

/**
 * Declares the cases for an engine.
 * @param differs - cases in which it differs, each with the reason: they must differ still
 */
export const describeSpecialValues = (
  engine: Engine,
  differs: Readonly<Record<string, string>> = {},
): void => {
  describe(`${engine.name}: special values`, () => {
    for (const [name, y] of Object.entries(CASES))
      (name in differs ? it.fails : it)(
        `${name}${name in differs ? ` (${differs[name]})` : ''}`,
        async () => {
          const only = graph({ y })
          const [wanted, got] = await Promise.all(
            [referenceEngine, engine].map(async one => {
              const compiled = await one.compile(only)
              const { y } = await compiled.run(FEEDS)
              await compiled.dispose()
              return Array.from(y.data)
            }),
          )
          const wrong = wanted.flatMap((value, i) =>
            isAlike(Math.fround(got[i]), Math.fround(value))
              ? []
              : [`[${i}]: ${got[i]}, not ${value}`],
          )
          expect(wrong).toEqual([])
        },
      )
  })
}
