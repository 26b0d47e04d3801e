/** Cuts a tensor along an axis into pieces of given sizes. */

import type { Value } from '../graph/index.ts'
import { concat } from './concat.ts'
import { apply, expectAxis, type Operation } from './operation.ts'

export interface SplitAttributes {
  readonly sizes: readonly number[]
  readonly axis: number
}

export const splitOp: Operation<'split', SplitAttributes> = {
  name: 'split',
  infer: ([{ dtype, shape }], { sizes, axis }, refuse) => {
    expectAxis(axis, shape.length, refuse)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    if (total !== shape[axis] || sizes.some(size => size < 1))
      refuse(`positive sizes that add up to ${shape[axis]}`, `[${sizes.join(', ')}]`)
    return sizes.map(size => ({ dtype, shape: shape.with(axis, size) }))
  },
  gradient: ({ attributes: { axis }, cotangents }) => [concat(cotangents, axis)],
}

/** One piece is the tensor itself. */
export const split = (x: Value, sizes: readonly number[], axis: number): readonly Value[] =>
  sizes.length === 1 && sizes[0] === x.shape[axis] ? [x] : apply(splitOp, [x], { sizes, axis })
