/** Whether a > b, element by element, broadcasting: a bool tensor without a gradient. */

import type { Value } from '../graph/index.ts'
import { binary, type Operand, operand } from './elementwise.ts'
import { apply } from './operation.ts'

export const greaterOp = binary('greater', () => [undefined, undefined], 'bool')

export const greater = (a: Operand, b: Operand): Value =>
  apply(greaterOp, [operand(a), operand(b)], {})[0]
