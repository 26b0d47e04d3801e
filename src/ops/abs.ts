/** y = |x|, with gradient 0 at 0. */

import type { Value } from '../graph/index.ts'
import { unary } from './elementwise.ts'
import { mul } from './mul.ts'
import { apply } from './operation.ts'
import { sign } from './sign.ts'

export const absOp = unary('abs', ({ inputs: [x], cotangents: [dy] }) => [mul(dy, sign(x))])

export const abs = (x: Value): Value => apply(absOp, [x], {})[0]
