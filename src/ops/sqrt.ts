/** y = √x, for x ≥ 0; the gradient is infinite at 0. */

import type { Value } from '../graph/index.ts'
import { div } from './div.ts'
import { unary } from './elementwise.ts'
import { mul } from './mul.ts'
import { apply } from './operation.ts'

export const sqrtOp = unary('sqrt', ({ outputs: [y], cotangents: [dy] }) => [div(mul(dy, 0.5), y)])

export const sqrt = (x: Value): Value => apply(sqrtOp, [x], {})[0]
