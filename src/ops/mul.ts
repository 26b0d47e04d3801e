/** y = a·b, element by element, broadcasting. */

import type { Value } from '../graph/index.ts'
import { binary, type Operand, operand } from './elementwise.ts'
import { apply } from './operation.ts'
import { sumTo } from './sumTo.ts'

export const mulOp = binary('mul', ({ inputs: [a, b], cotangents: [dy] }) => [
  sumTo(mul(dy, b), a.shape),
  sumTo(mul(dy, a), b.shape),
])

export const mul = (a: Operand, b: Operand): Value => apply(mulOp, [operand(a), operand(b)], {})[0]
