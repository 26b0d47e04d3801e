/** y = max(a, b), broadcasting; where both are equal each gets half of the gradient. */

import type { Value } from '../graph/index.ts'
import { add } from './add.ts'
import { cast } from './cast.ts'
import { binary, type Operand, operand } from './elementwise.ts'
import { equal } from './equal.ts'
import { greater } from './greater.ts'
import { mul } from './mul.ts'
import { apply } from './operation.ts'
import { sumTo } from './sumTo.ts'

export const maximumOp = binary('maximum', ({ inputs: [a, b], cotangents: [dy] }) => {
  const share = (own: Value, other: Value): Value =>
    add(cast(greater(own, other)), mul(cast(equal(own, other)), 0.5))
  return [sumTo(mul(dy, share(a, b)), a.shape), sumTo(mul(dy, share(b, a)), b.shape)]
})

export const maximum = (a: Operand, b: Operand): Value =>
  apply(maximumOp, [operand(a), operand(b)], {})[0]
