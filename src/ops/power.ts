/** y = xᵖ for a constant exponent p; x must be positive unless p is a whole number. */

import type { Value } from '../graph/index.ts'
import { unary } from './elementwise.ts'
import { mul } from './mul.ts'
import { apply } from './operation.ts'

export interface PowerAttributes {
  readonly exponent: number
}

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
