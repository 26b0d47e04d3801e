/** Element-wise operations. */

import { sizeOf } from '../../graph/index.ts'
import { fill, type Kernel, type Kernels, offsetOf } from './kernel.ts'

const unary =
  (f: (x: number) => number): Kernel<object> =>
  ({ inputs: [x] }) => [x.map(f)]

/** Any number of inputs, broadcast to the output. */
const broadcast =
  (f: (...operands: number[]) => number): Kernel<object> =>
  ({ inputs, shapes, outputs: [{ shape }] }) => [
    fill(shape, at => f(...inputs.map((input, i) => input[offsetOf(at, shapes[i])]))),
  ]

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
const clamp = (x: number, min: number, max: number): number => Math.min(Math.max(x, min), max)
const truth = (holds: boolean): number => (holds ? 1 : 0)

export const elementwise = {
  constant: ({ attributes: { shape, data } }) => [
    data.length === 1 ? new Float64Array(sizeOf(shape)).fill(data[0]) : Float64Array.from(data),
  ],
  abs: unary(Math.abs),
  add: broadcast((a, b) => a + b),
  cast: unary(x => x),
  clip: ({ inputs: [x], attributes: { min, max } }) => [x.map(v => clamp(v, min, max))],
  div: broadcast((a, b) => a / b),
  elu: ({ inputs: [x], attributes: { alpha } }) => [
    x.map(v => (v > 0 ? v : alpha * Math.expm1(v))),
  ],
  equal: broadcast((a, b) => truth(a === b)),
  exp: unary(Math.exp),
  greater: broadcast((a, b) => truth(a > b)),
  hardSigmoid: ({ inputs: [x], attributes: { alpha, beta } }) => [
    x.map(v => clamp(alpha * v + beta, 0, 1)),
  ],
  hardSwish: unary(x => (x * clamp(x + 3, 0, 6)) / 6),
  less: broadcast((a, b) => truth(a < b)),
  log: unary(Math.log),
  maximum: broadcast(Math.max),
  minimum: broadcast(Math.min),
  mul: broadcast((a, b) => a * b),
  neg: unary(x => -x),
  power: ({ inputs: [x], attributes: { exponent } }) => [x.map(v => v ** exponent)],
  relu: unary(x => Math.max(x, 0)),
  reluGradient: broadcast((y, dy) => (y > 0 ? dy : 0)),
  sigmoid: unary(sigmoid),
  sign: unary(Math.sign),
  silu: unary(x => x * sigmoid(x)),
  sqrt: unary(Math.sqrt),
  stopGradient: unary(x => x),
  sub: broadcast((a, b) => a - b),
  tanh: unary(Math.tanh),
  where: broadcast((condition, a, b) => (condition ? a : b)),
} satisfies Partial<Kernels>
