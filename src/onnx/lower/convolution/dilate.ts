/** The transpose of taking every stride-th pixel: the pixels apart again, zeros between and after. */

import type { Shape } from '../../../graph/index.ts'
import type { Emitter } from '../../emitter.ts'
import { slice } from '../movement.ts'
import { frame, isOne, range } from './layout.ts'

/**
 * [N, C, …] → `to`. Every pixel is repeated, then all repetitions but the first are multiplied by
 * zero: five times as fast as a Pad between single pixels.
 */
export const dilate = (
  emit: Emitter,
  x: string,
  from: Shape,
  to: Shape,
  strides: readonly number[],
): string => {
  if (strides.every(isOne)) return x
  const spatial = from.slice(2)
  const long = spatial.map((size, axis) => size * strides[axis])
  const repeated = emit.node('Resize', [x, '', emit.floats([1, 1, ...strides], [from.length])], {
    mode: 'nearest',
    coordinate_transformation_mode: 'asymmetric',
    nearest_mode: 'floor',
  })
  const kept = long.reduce<number[]>(
    (all, size, axis) =>
      all.flatMap(keep => range(size).map(i => (i % strides[axis] === 0 ? keep : 0))),
    [1],
  )
  const apart = emit.node('Mul', [repeated, emit.floats(kept, [1, 1, ...long])])
  const goal = to.slice(2)
  const axes = range(goal.length)
  const cut = goal.every((size, axis) => size >= long[axis])
    ? apart
    : slice(
        emit,
        apart,
        axes.map(axis => axis + 2),
        axes.map(() => 0),
        goal.map((size, axis) => Math.min(size, long[axis])),
      )
  return frame(emit, cut, [
    ...axes.map(() => 0),
    ...goal.map((size, axis) => Math.max(size - long[axis], 0)),
  ])
}
