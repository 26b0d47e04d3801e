/** y = ln x, for x > 0. */

import type { Value } from '../graph/index.ts'
import { div } from './div.ts'
import { unary } from './elementwise.ts'
import { apply } from './operation.ts'

export const logOp = unary('log', ({ inputs: [x], cotangents: [dy] }) => [div(dy, x)])

export const log = (x: Value): Value => apply(logOp, [x], {})[0]
