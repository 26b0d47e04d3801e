/** y = x·min(max(x + 3, 0), 6)/6 (MobileNetV3), so dy/dx = 0 below −3, 1 above 3, x/3 + ½ between. */

import type { Value } from '../graph/index.ts'
import { add } from './add.ts'
import { unary } from './elementwise.ts'
import { greater } from './greater.ts'
import { less } from './less.ts'
import { mul } from './mul.ts'
import { apply } from './operation.ts'
import { where } from './where.ts'

export const hardSwishOp = unary('hardSwish', ({ inputs: [x], cotangents: [dy] }) => {
  const slope = where(less(x, -3), 0, where(greater(x, 3), 1, add(mul(x, 1 / 3), 0.5)))
  return [mul(dy, slope)]
})

export const hardSwish = (x: Value): Value => apply(hardSwishOp, [x], {})[0]
