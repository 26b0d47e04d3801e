/** y = a / b, broadcasting. */

import type { Value } from '../graph/index.ts'
import { binary, type Operand, operand } from './elementwise.ts'
import { mul } from './mul.ts'
import { neg } from './neg.ts'
import { apply } from './operation.ts'
import { sumTo } from './sumTo.ts'

export const divOp = binary('div', ({ inputs: [a, b], outputs: [y], cotangents: [dy] }) => {
  const scaled = div(dy, b)
  return [sumTo(scaled, a.shape), neg(sumTo(mul(scaled, y), b.shape))]
})

export const div = (a: Operand, b: Operand): Value => apply(divOp, [operand(a), operand(b)], {})[0]
