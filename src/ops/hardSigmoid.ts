/** y = min(max(alpha·x + beta, 0), 1): the piecewise linear sigmoid. */

import type { Value } from '../graph/index.ts'
import { cast } from './cast.ts'
import { unary } from './elementwise.ts'
import { greater } from './greater.ts'
import { less } from './less.ts'
import { mul } from './mul.ts'
import { apply } from './operation.ts'

export interface HardSigmoidAttributes {
  readonly alpha: number
  readonly beta: number
}

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
