/** Rectified linear unit: y = max(x, 0). */

import type { Value } from '../graph/index.ts'
import { unary } from './elementwise.ts'
import { apply } from './operation.ts'
import { reluGradient } from './reluGradient.ts'

export const reluOp = unary('relu', ({ outputs: [y], cotangents: [dy] }) => [reluGradient(y, dy)])

export const relu = (x: Value): Value => apply(reluOp, [x], {})[0]
