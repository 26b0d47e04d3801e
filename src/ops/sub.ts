/** y = a − b, broadcasting. */

import type { Value } from '../graph/index.ts'
import { binary, type Operand, operand } from './elementwise.ts'
import { neg } from './neg.ts'
import { apply } from './operation.ts'
import { sumTo } from './sumTo.ts'

export const subOp = binary('sub', ({ inputs: [a, b], cotangents: [dy] }) => [
  sumTo(dy, a.shape),
  neg(sumTo(dy, b.shape)),
])

export const sub = (a: Operand, b: Operand): Value => apply(subOp, [operand(a), operand(b)], {})[0]
