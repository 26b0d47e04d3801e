/** Exponential linear unit: y = x for x > 0, else alpha·(eˣ − 1). */

import type { Value } from '../graph/index.ts'
import { add } from './add.ts'
import { unary } from './elementwise.ts'
import { greater } from './greater.ts'
import { mul } from './mul.ts'
import { apply } from './operation.ts'
import { where } from './where.ts'

export interface EluAttributes {
  readonly alpha: number
}

export const eluOp = unary<'elu', EluAttributes>(
  'elu',
  ({ inputs: [x], outputs: [y], attributes: { alpha }, cotangents: [dy] }) => [
    mul(dy, where(greater(x, 0), 1, add(y, alpha))),
  ],
)

export const elu = (x: Value, alpha = 1): Value => apply(eluOp, [x], { alpha })[0]
