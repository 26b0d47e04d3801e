/** Whether a < b, element by element, broadcasting: a bool tensor without a gradient. */

import type { Value } from '../graph/index.ts'
import { binary, type Operand, operand } from './elementwise.ts'
import { apply } from './operation.ts'

export const lessOp = binary('less', () => [undefined, undefined], 'bool')

export const less = (a: Operand, b: Operand): Value =>
  apply(lessOp, [operand(a), operand(b)], {})[0]
