/** Activation functions, element by element. */

import { formatShape } from '../errors/index.ts'
import { sameShape, type Value } from '../graph/index.ts'
import { add, mul, sub } from './arithmetic.ts'
import { cast } from './cast.ts'
import { greater, less, where } from './comparison.ts'
import { unary } from './elementwise.ts'
import { apply, expectFloats, type NoAttributes, type Operation } from './operation.ts'

/** The gradient of relu from its output: dx = dy where y > 0, else 0. */
export const reluGradientOp: Operation<'reluGradient', NoAttributes> = {
  name: 'reluGradient',
  infer: (inputs, _attributes, refuse) => {
    expectFloats(inputs, refuse)
    const [y, dy] = inputs
    if (!sameShape(y.shape, dy.shape))
      refuse(`a cotangent of shape ${formatShape(y.shape)}`, formatShape(dy.shape))
    return [y]
  },
  gradient: ({ inputs: [y], cotangents: [g] }) => [undefined, reluGradient(y, g)],
}

/** @param y - the output of relu, not its input */
export const reluGradient = (y: Value, dy: Value): Value => apply(reluGradientOp, [y, dy], {})[0]

/** Rectified linear unit: y = max(x, 0). */
export const reluOp = unary('relu', ({ outputs: [y], cotangents: [dy] }) => [reluGradient(y, dy)])

export const relu = (x: Value): Value => apply(reluOp, [x], {})[0]

/** y = 1 / (1 + e⁻ˣ). */
export const sigmoidOp = unary('sigmoid', ({ outputs: [y], cotangents: [dy] }) => [
  mul(dy, mul(y, sub(1, y))),
])

export const sigmoid = (x: Value): Value => apply(sigmoidOp, [x], {})[0]

/** y = tanh x. */
export const tanhOp = unary('tanh', ({ outputs: [y], cotangents: [dy] }) => [
  mul(dy, sub(1, mul(y, y))),
])

export const tanh = (x: Value): Value => apply(tanhOp, [x], {})[0]

/** Sigmoid linear unit (swish): y = x·σ(x), so dy/dx = σ(x) + y·(1 − σ(x)). */
export const siluOp = unary('silu', ({ inputs: [x], outputs: [y], cotangents: [dy] }) => {
  const s = sigmoid(x)
  return [mul(dy, add(s, mul(y, sub(1, s))))]
})

export const silu = (x: Value): Value => apply(siluOp, [x], {})[0]

export interface EluAttributes {
  readonly alpha: number
}

/** Exponential linear unit: y = x for x > 0, else alpha·(eˣ − 1). */
export const eluOp = unary<'elu', EluAttributes>(
  'elu',
  ({ inputs: [x], outputs: [y], attributes: { alpha }, cotangents: [dy] }) => [
    mul(dy, where(greater(x, 0), 1, add(y, alpha))),
  ],
)

export const elu = (x: Value, alpha = 1): Value => apply(eluOp, [x], { alpha })[0]

export interface HardSigmoidAttributes {
  readonly alpha: number
  readonly beta: number
}

/** y = min(max(alpha·x + beta, 0), 1): the piecewise linear sigmoid. */
export const hardSigmoidOp = unary<'hardSigmoid', HardSigmoidAttributes>(
  'hardSigmoid',
  ({ outputs: [y], attributes: { alpha }, cotangents: [dy] }) => {
    const inside = mul(cast(greater(y, 0)), cast(less(y, 1)))
    return [mul(dy, mul(inside, alpha))]
  },
)

/** The defaults are MobileNetV3's: (x + 3) / 6, clipped. */
export const hardSigmoid = (
  x: Value,
  { alpha = 1 / 6, beta = 0.5 }: Partial<HardSigmoidAttributes> = {},
): Value => apply(hardSigmoidOp, [x], { alpha, beta })[0]

/** y = x·min(max(x + 3, 0), 6)/6 (MobileNetV3), so dy/dx = 0 below −3, 1 above 3, x/3 + ½ between. */
export const hardSwishOp = unary('hardSwish', ({ inputs: [x], cotangents: [dy] }) => {
  const slope = where(less(x, -3), 0, where(greater(x, 3), 1, add(mul(x, 1 / 3), 0.5)))
  return [mul(dy, slope)]
})

export const hardSwish = (x: Value): Value => apply(hardSwishOp, [x], {})[0]
