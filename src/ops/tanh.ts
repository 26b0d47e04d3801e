/** y = tanh x. */

import type { Value } from '../graph/index.ts'
import { unary } from './elementwise.ts'
import { mul } from './mul.ts'
import { apply } from './operation.ts'
import { sub } from './sub.ts'

export const tanhOp = unary('tanh', ({ outputs: [y], cotangents: [dy] }) => [
  mul(dy, sub(1, mul(y, y))),
])

export const tanh = (x: Value): Value => apply(tanhOp, [x], {})[0]
