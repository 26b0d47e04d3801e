/** Permutes axes: axis i of the output is axis perm[i] of the input. */

import type { Value } from '../graph/index.ts'
import { apply, type Operation } from './operation.ts'

export interface TransposeAttributes {
  readonly perm: readonly number[]
}

export const transposeOp: Operation<'transpose', TransposeAttributes> = {
  name: 'transpose',
  infer: ([{ dtype, shape }], { perm }, refuse) => {
    const sorted = [...perm].sort((a, b) => a - b)
    if (perm.length !== shape.length || sorted.some((axis, i) => axis !== i))
      refuse(`a permutation of the ${shape.length} axes`, `[${perm.join(', ')}]`)
    return [{ dtype, shape: perm.map(axis => shape[axis]) }]
  },
  gradient: ({ attributes: { perm }, cotangents: [dy] }) => [
    transpose(
      dy,
      [...perm.keys()].map(axis => perm.indexOf(axis)),
    ),
  ],
}

/** Without a permutation, the axes are reversed. */
export const transpose = (
  x: Value,
  perm: readonly number[] = [...x.shape.keys()].reverse(),
): Value => apply(transposeOp, [x], { perm })[0]
