/** Sigmoid linear unit (swish): y = x·σ(x), so dy/dx = σ(x) + y·(1 − σ(x)). */

import type { Value } from '../graph/index.ts'
import { add } from './add.ts'
import { unary } from './elementwise.ts'
import { mul } from './mul.ts'
import { apply } from './operation.ts'
import { sigmoid } from './sigmoid.ts'
import { sub } from './sub.ts'

export const siluOp = unary('silu', ({ inputs: [x], outputs: [y], cotangents: [dy] }) => {
  const s = sigmoid(x)
  return [mul(dy, add(s, mul(y, sub(1, s))))]
})

export const silu = (x: Value): Value => apply(siluOp, [x], {})[0]
