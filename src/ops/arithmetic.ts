/** Arithmetic, element by element: operands broadcast as in NumPy. */

import type { Value } from '../graph/index.ts'
import { sumTo } from './broadcast.ts'
import { binary, type Operand, operands, unary } from './elementwise.ts'
import { apply } from './operation.ts'

/** y = a + b, broadcasting. */
export const addOp = binary('add', ({ inputs: [a, b], cotangents: [dy] }) => [
  sumTo(dy, a.shape),
  sumTo(dy, b.shape),
])

export const add = (a: Operand, b: Operand): Value => apply(addOp, operands(a, b), {})[0]

/** y = a − b, broadcasting. */
export const subOp = binary('sub', ({ inputs: [a, b], cotangents: [dy] }) => [
  sumTo(dy, a.shape),
  neg(sumTo(dy, b.shape)),
])

export const sub = (a: Operand, b: Operand): Value => apply(subOp, operands(a, b), {})[0]

/** y = a·b, element by element, broadcasting. */
export const mulOp = binary('mul', ({ inputs: [a, b], cotangents: [dy] }) => [
  sumTo(mul(dy, b), a.shape),
  sumTo(mul(dy, a), b.shape),
])

export const mul = (a: Operand, b: Operand): Value => apply(mulOp, operands(a, b), {})[0]

/** y = a / b, broadcasting. */
export const divOp = binary('div', ({ inputs: [a, b], outputs: [y], cotangents: [dy] }) => {
  const scaled = div(dy, b)
  return [sumTo(scaled, a.shape), neg(sumTo(mul(scaled, y), b.shape))]
})

export const div = (a: Operand, b: Operand): Value => apply(divOp, operands(a, b), {})[0]

/** y = −x. */
export const negOp = unary('neg', ({ cotangents: [dy] }) => [neg(dy)])

export const neg = (x: Value): Value => apply(negOp, [x], {})[0]

/** y = |x|, with gradient 0 at 0. */
export const absOp = unary('abs', ({ inputs: [x], cotangents: [dy] }) => [mul(dy, sign(x))])

export const abs = (x: Value): Value => apply(absOp, [x], {})[0]

/** y = −1, 0 or 1: the sign of x. Its gradient is zero. */
export const signOp = unary('sign', () => [undefined])

export const sign = (x: Value): Value => apply(signOp, [x], {})[0]

/** y = √x, for x ≥ 0; the gradient is infinite at 0. */
export const sqrtOp = unary('sqrt', ({ outputs: [y], cotangents: [dy] }) => [div(mul(dy, 0.5), y)])

export const sqrt = (x: Value): Value => apply(sqrtOp, [x], {})[0]

/** y = eˣ. */
export const expOp = unary('exp', ({ outputs: [y], cotangents: [dy] }) => [mul(dy, y)])

export const exp = (x: Value): Value => apply(expOp, [x], {})[0]

/** y = ln x, for x > 0. */
export const logOp = unary('log', ({ inputs: [x], cotangents: [dy] }) => [div(dy, x)])

export const log = (x: Value): Value => apply(logOp, [x], {})[0]

export interface PowerAttributes {
  readonly exponent: number
}

/** y = xᵖ for a constant exponent p; x must be positive unless p is a whole number. */
export const powerOp = unary<'power', PowerAttributes>(
  'power',
  ({ inputs: [x], attributes: { exponent }, cotangents: [dy] }) => [
    mul(dy, mul(power(x, exponent - 1), exponent)),
  ],
  ({ exponent }, refuse) => {
    if (!Number.isFinite(exponent)) refuse('a finite exponent', `${exponent}`)
  },
)

export const power = (x: Value, exponent: number): Value => apply(powerOp, [x], { exponent })[0]
