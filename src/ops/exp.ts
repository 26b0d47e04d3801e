/** y = eˣ. */

import type { Value } from '../graph/index.ts'
import { unary } from './elementwise.ts'
import { mul } from './mul.ts'
import { apply } from './operation.ts'

export const expOp = unary('exp', ({ outputs: [y], cotangents: [dy] }) => [mul(dy, y)])

export const exp = (x: Value): Value => apply(expOp, [x], {})[0]
