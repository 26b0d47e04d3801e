/** What engines that know neither ceil mode nor its counts need to know of pooling's windows. */

import { type Shape, sizeOf } from '../graph/index.ts'
import type { AveragePoolAttributes, PoolingAttributes } from './pooling.ts'

/** The padding at the ends that the output size implies: in ceil mode a window may hang over. */
export const endPads = (
  { kernelShape, strides, pads, dilations }: PoolingAttributes,
  input: Shape,
  output: Shape,
): number[] =>
  kernelShape.map((kernel, axis) => {
    const extent = dilations[axis] * (kernel - 1) + 1
    const reach = (output[axis + 2] - 1) * strides[axis] + extent
    return Math.max(pads[axis + 2], reach - input[axis + 2] - pads[axis])
  })

/** How many pixels each window position counts along one axis. */
const countsAlong = (
  { kernelShape, strides, pads, countIncludePad }: AveragePoolAttributes,
  axis: number,
  size: number,
  windows: number,
): number[] =>
  Array.from({ length: windows }, (_, i) => {
    const start = i * strides[axis] - pads[axis]
    const end = start + kernelShape[axis]
    return countIncludePad
      ? Math.min(end, size + pads[axis + 2]) - start
      : Math.min(end, size) - Math.max(start, 0)
  })

/** The number of pixels that each window's mean is over, row by row; undefined where all count the whole kernel. */
export const windowCounts = (
  attributes: AveragePoolAttributes,
  input: Shape,
  output: Shape,
): number[] | undefined => {
  const [rows, columns] = [0, 1].map(axis =>
    countsAlong(attributes, axis, input[axis + 2], output[axis + 2]),
  )
  const counts = rows.flatMap(row => columns.map(column => row * column))
  const whole = sizeOf(attributes.kernelShape)
  return counts.every(count => count === whole) ? undefined : counts
}
