/** y = a + b, broadcasting. */

import type { Value } from '../graph/index.ts'
import { binary, type Operand, operand } from './elementwise.ts'
import { apply } from './operation.ts'
import { sumTo } from './sumTo.ts'

export const addOp = binary('add', ({ inputs: [a, b], cotangents: [dy] }) => [
  sumTo(dy, a.shape),
  sumTo(dy, b.shape),
])

export const add = (a: Operand, b: Operand): Value => apply(addOp, [operand(a), operand(b)], {})[0]
