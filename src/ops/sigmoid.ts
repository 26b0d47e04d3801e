/** y = 1 / (1 + e⁻ˣ). */

import type { Value } from '../graph/index.ts'
import { unary } from './elementwise.ts'
import { mul } from './mul.ts'
import { apply } from './operation.ts'
import { sub } from './sub.ts'

export const sigmoidOp = unary('sigmoid', ({ outputs: [y], cotangents: [dy] }) => [
  mul(dy, mul(y, sub(1, y))),
])

export const sigmoid = (x: Value): Value => apply(sigmoidOp, [x], {})[0]
