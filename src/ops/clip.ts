/** y = min(max(x, min), max), with gradient 1 inside the bounds and on them. */

import type { Value } from '../graph/index.ts'
import { unary } from './elementwise.ts'
import { greater } from './greater.ts'
import { less } from './less.ts'
import { apply } from './operation.ts'
import { where } from './where.ts'

export interface ClipAttributes {
  readonly min: number
  readonly max: number
}

export const clipOp = unary<'clip', ClipAttributes>(
  'clip',
  ({ inputs: [x], attributes: { min, max }, cotangents: [dy] }) => [
    where(less(x, min), 0, where(greater(x, max), 0, dy)),
  ],
  ({ min, max }, refuse) => {
    if (!(min <= max)) refuse('min ≤ max', `min ${min}, max ${max}`)
  },
)

export const clip = (x: Value, min: number, max: number): Value =>
  apply(clipOp, [x], { min, max })[0]
