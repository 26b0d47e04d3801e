/** Whether a = b, element by element, broadcasting: a bool tensor without a gradient. */

import type { Value } from '../graph/index.ts'
import { binary, type Operand, operand } from './elementwise.ts'
import { apply } from './operation.ts'

export const equalOp = binary('equal', () => [undefined, undefined], 'bool')

export const equal = (a: Operand, b: Operand): Value =>
  apply(equalOp, [operand(a), operand(b)], {})[0]
