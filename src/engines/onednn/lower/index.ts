/** All lowerings: which operation becomes which primitives. */

import type { Node } from '../../../graph/index.ts'
import type { OperationName } from '../../../ops/table.ts'
import type { Plan } from '../plan.ts'
import { allFinite } from './allFinite.ts'
import { convolution } from './convolution.ts'
import { detection } from './detection.ts'
import { elementwise } from './elementwise.ts'
import { loops } from './loops.ts'
import type { Lowering, Lowerings } from './lowering.ts'
import { movement } from './movement.ts'
import { normalization } from './normalization.ts'
import { pooling } from './pooling.ts'
import { products } from './products.ts'
import { reductions } from './reductions.ts'

const lowerings: Lowerings = {
  allFinite,
  ...elementwise,
  ...detection,
  ...loops,
  ...movement,
  ...convolution,
  ...products,
  ...pooling,
  ...normalization,
  ...reductions,
}

export const lower = (plan: Plan, node: Node): void =>
  (lowerings[node.op as OperationName] as Lowering<object>)(plan, node)
