/** y = −x. */

import type { Value } from '../graph/index.ts'
import { unary } from './elementwise.ts'
import { apply } from './operation.ts'

export const negOp = unary('neg', ({ cotangents: [dy] }) => [neg(dy)])

export const neg = (x: Value): Value => apply(negOp, [x], {})[0]
