/** Comparisons, which give bool tensors and have no gradient, and choices between values; operands broadcast. */

import type { Value } from '../graph/index.ts'
import { add, mul } from './arithmetic.ts'
import { sumTo } from './broadcast.ts'
import { cast } from './cast.ts'
import { binary, broadcastShape, type Operand, operands, unary } from './elementwise.ts'
import { apply, expectDType, expectFloats, type NoAttributes, type Operation } from './operation.ts'

/** Whether a = b. */
export const equalOp = binary('equal', () => [undefined, undefined], 'bool')

export const equal = (a: Operand, b: Operand): Value => apply(equalOp, operands(a, b), {})[0]

/** Whether a > b. */
export const greaterOp = binary('greater', () => [undefined, undefined], 'bool')

export const greater = (a: Operand, b: Operand): Value => apply(greaterOp, operands(a, b), {})[0]

/** Whether a < b. */
export const lessOp = binary('less', () => [undefined, undefined], 'bool')

export const less = (a: Operand, b: Operand): Value => apply(lessOp, operands(a, b), {})[0]

/** y = a where the condition holds, else b, broadcasting. */
export const whereOp: Operation<'where', NoAttributes> = {
  name: 'where',
  infer: (inputs, _attributes, refuse) => {
    expectDType(inputs.slice(0, 1), 'bool', refuse)
    expectFloats(inputs.slice(1), refuse)
    return [
      {
        dtype: inputs[1].dtype,
        shape: broadcastShape(
          inputs.map(({ shape }) => shape),
          refuse,
        ),
      },
    ]
  },
  gradient: ({ inputs: [condition, a, b], cotangents: [dy] }) => [
    undefined,
    sumTo(where(condition, dy, 0), a.shape),
    sumTo(where(condition, 0, dy), b.shape),
  ],
}

export const where = (condition: Value, a: Operand, b: Operand): Value =>
  apply(whereOp, [condition, ...operands(a, b)], {})[0]

/** An extreme of a and b: dy goes to whichever is chosen, in halves where both are equal. */
const extreme = <Name extends string>(name: Name, chosen: (a: Value, b: Value) => Value) =>
  binary(name, ({ inputs: [a, b], cotangents: [dy] }) => {
    const share = (own: Value, other: Value): Value =>
      mul(dy, add(cast(chosen(own, other)), mul(cast(equal(own, other)), 0.5)))
    return [sumTo(share(a, b), a.shape), sumTo(share(b, a), b.shape)]
  })

/** y = max(a, b), broadcasting. */
export const maximumOp = extreme('maximum', greater)

export const maximum = (a: Operand, b: Operand): Value => apply(maximumOp, operands(a, b), {})[0]

/** y = min(a, b), broadcasting. */
export const minimumOp = extreme('minimum', less)

export const minimum = (a: Operand, b: Operand): Value => apply(minimumOp, operands(a, b), {})[0]

export interface ClipAttributes {
  readonly min: number
  readonly max: number
}

/** y = min(max(x, min), max), with gradient 1 inside the bounds and on them. */
export const clipOp = unary<'clip', ClipAttributes>(
  'clip',
  ({ inputs: [x], attributes: { min, max }, cotangents: [dy] }) => [
    where(less(x, min), 0, where(greater(x, max), 0, dy)),
  ],
  ({ min, max }, refuse) => {
    if (!(min <= max)) refuse('min ≤ max', `min ${min}, max ${max}`)
  },
)

export const clip = (x: Value, min: number, max: number): Value =>
  apply(clipOp, [x], { min, max })[0]
