/** What the forms of a convolution share: its axes, and moves between the layouts of matrix products. */

import type { Shape } from '../../../graph/index.ts'
import type { Emitter } from '../../emitter.ts'
import { pad, slice } from '../movement.ts'

export const range = (count: number): number[] => [...Array(count).keys()]
export const isOne = (value: number): boolean => value === 1
export const isZero = (value: number): boolean => value === 0

/** [N, C, …] → [N, C, pixels] */
export const flat = (emit: Emitter, x: string): string =>
  emit.node('Reshape', [x, emit.int64s([0, 0, -1])])

/** [N, C, …] → [C, N·pixels] */
export const channelRows = (emit: Emitter, x: string, channels: number): string => {
  const rows = emit.node('Transpose', [flat(emit, x)], { perm: [1, 0, 2] })
  return emit.node('Reshape', [rows, emit.int64s([channels, -1])])
}

/** Every stride-th pixel of a shape. */
export const subsample = (
  emit: Emitter,
  x: string,
  shape: Shape,
  strides: readonly number[],
): string => {
  if (strides.every(isOne)) return x
  const axes = range(strides.length).map(axis => axis + 2)
  return slice(
    emit,
    x,
    axes,
    axes.map(() => 0),
    shape.slice(2),
    strides,
  )
}

/** The shape that `subsample` leaves. */
export const subsampled = (shape: Shape, strides: readonly number[]): Shape =>
  shape.map((size, axis) => (axis < 2 ? size : Math.ceil(size / strides[axis - 2])))

/** Spatial pads, begins then ends, around [N, C, …]. */
export const frame = (emit: Emitter, x: string, pads: readonly number[]): string => {
  if (pads.every(isZero)) return x
  const rank = pads.length / 2
  return pad(emit, x, [0, 0, ...pads.slice(0, rank), 0, 0, ...pads.slice(rank)])
}

/**
 * The last axis in another order, that of `from`: a product with a permutation matrix, several times
 * as fast as Gather or a backward Slice of single elements, and as exact.
 */
export const reorderTaps = (emit: Emitter, x: string, from: readonly number[]): string => {
  const size = from.length
  const matrix = range(size * size).map(i => (from[i % size] === Math.floor(i / size) ? 1 : 0))
  return emit.node('MatMul', [x, emit.floats(matrix, [size, size])])
}
