/**
 * yᵢ = Σ xᵢ over the processes that compute together: each gives its own and gets the sum of all. With
 * one process, or with an engine that was given no others, y = x.
 */

import type { Value } from '../graph/index.ts'
import { apply, expectFloats, type NoAttributes, type Operation } from './operation.ts'

export const allReduceOp: Operation<'allReduce', NoAttributes> = {
  name: 'allReduce',
  infer: (inputs, _, refuse) => {
    if (inputs.length === 0) refuse('at least one input', 'none')
    expectFloats(inputs, refuse)
    return inputs
  },
  // The loss of every process depends on the input of each: their cotangents add up.
  gradient: ({ cotangents }) => allReduce(...cotangents),
}

/** Sums over all processes, of several values in one exchange. */
export const allReduce = (...values: readonly Value[]): readonly Value[] =>
  apply(allReduceOp, values, {})
