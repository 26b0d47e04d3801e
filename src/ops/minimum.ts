/** y = min(a, b), broadcasting; where both are equal each gets half of the gradient. */

import type { Value } from '../graph/index.ts'
import { add } from './add.ts'
import { cast } from './cast.ts'
import { binary, type Operand, operand } from './elementwise.ts'
import { equal } from './equal.ts'
import { less } from './less.ts'
import { mul } from './mul.ts'
import { apply } from './operation.ts'
import { sumTo } from './sumTo.ts'

export const minimumOp = binary('minimum', ({ inputs: [a, b], cotangents: [dy] }) => {
  const share = (own: Value, other: Value): Value =>
    add(cast(less(own, other)), mul(cast(equal(own, other)), 0.5))
  return [sumTo(mul(dy, share(a, b)), a.shape), sumTo(mul(dy, share(b, a)), b.shape)]
})

export const minimum = (a: Operand, b: Operand): Value =>
  apply(minimumOp, [operand(a), operand(b)], {})[0]
