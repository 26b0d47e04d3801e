/** y = −1, 0 or 1: the sign of x. Its gradient is zero. */

import type { Value } from '../graph/index.ts'
import { unary } from './elementwise.ts'
import { apply } from './operation.ts'

export const signOp = unary('sign', () => [undefined])

export const sign = (x: Value): Value => apply(signOp, [x], {})[0]
