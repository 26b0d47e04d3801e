/** Windows sliding over the spatial axes: the arithmetic that convolutions and pools share. */

import { formatShape } from '../errors/index.ts'
import type { Shape } from '../graph/index.ts'
import type { Refuse } from './operation.ts'

/** ONNX's attributes, one entry a spatial axis; `pads` holds all begins, then all ends. */
export interface WindowAttributes {
  readonly strides: readonly number[]
  readonly pads: readonly number[]
  readonly dilations: readonly number[]
}

/** One number for every axis, or one for each. */
export type PerAxis = number | readonly number[]

export interface WindowOptions {
  readonly stride?: PerAxis
  /** The same on both sides: one number, one an axis, or all begins and then all ends. */
  readonly padding?: PerAxis
  readonly dilation?: PerAxis
}

export const perAxis = (value: PerAxis, rank: number): readonly number[] =>
  typeof value === 'number' ? new Array<number>(rank).fill(value) : value

/** Options as attributes for `rank` spatial axes. */
export const windowAttributes = (
  { stride = 1, padding = 0, dilation = 1 }: WindowOptions,
  rank: number,
): WindowAttributes => {
  const pads = perAxis(padding, rank)
  return {
    strides: perAxis(stride, rank),
    pads: pads.length === 2 * rank ? pads : [...pads, ...pads],
    dilations: perAxis(dilation, rank),
  }
}

const checkCounts = (
  name: string,
  values: readonly number[],
  count: number,
  least: number,
  refuse: Refuse,
): void => {
  if (values.length !== count || values.some(value => !Number.isInteger(value) || value < least))
    refuse(`${count} ${name} ≥ ${least}`, `[${values.join(', ')}]`)
}

/**
 * The spatial output size: ⌊(in + pads − dilation·(kernel − 1) − 1) / stride⌋ + 1. In ceil mode the
 * last window may hang over the end, but must begin inside the input or the padding before it.
 */
export const windowOutput = (
  spatial: Shape,
  kernel: Shape,
  { strides, pads, dilations }: WindowAttributes,
  refuse: Refuse,
  ceilMode = false,
): Shape => {
  const rank = spatial.length
  checkCounts('kernel sizes', kernel, rank, 1, refuse)
  checkCounts('strides', strides, rank, 1, refuse)
  checkCounts('dilations', dilations, rank, 1, refuse)
  checkCounts('pads', pads, 2 * rank, 0, refuse)
  return spatial.map((size, axis) => {
    const extent = dilations[axis] * (kernel[axis] - 1) + 1
    const room = size + pads[axis] + pads[axis + rank] - extent
    if (room < 0)
      refuse(
        `a padded input of at least ${extent} on spatial axis ${axis}`,
        `${extent + room}`,
        `The kernel ${formatShape(kernel)} does not fit`,
      )
    const steps = room / strides[axis]
    if (!ceilMode) return Math.floor(steps) + 1
    const count = Math.ceil(steps) + 1
    return (count - 1) * strides[axis] >= size + pads[axis] ? count - 1 : count
  })
}
