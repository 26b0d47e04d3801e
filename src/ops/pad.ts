/** Surrounding a tensor with a constant, and taking a block of it: each is the gradient of the other. */

import { formatShape } from '../errors/index.ts'
import type { Value } from '../graph/index.ts'
import { apply, expectFloats, type Operation } from './operation.ts'

export interface PadAttributes {
  /** How many before each axis, then how many after each axis (ONNX's order). */
  readonly pads: readonly number[]
  readonly value: number
}

/** Surrounds a tensor with a constant. */
export const padOp: Operation<'pad', PadAttributes> = {
  name: 'pad',
  infer: (inputs, { pads }, refuse) => {
    expectFloats(inputs, refuse)
    const [{ shape }] = inputs
    const rank = shape.length
    if (pads.length !== 2 * rank || pads.some(size => !Number.isInteger(size) || size < 0))
      refuse(`${2 * rank} pads ≥ 0`, `[${pads.join(', ')}]`)
    return [{ dtype: inputs[0].dtype, shape: shape.map((d, i) => pads[i] + d + pads[i + rank]) }]
  },
  gradient: ({ inputs: [{ shape }], attributes: { pads }, cotangents: [dy] }) => [
    slice(
      dy,
      pads.slice(0, shape.length),
      shape.map((d, i) => pads[i] + d),
    ),
  ],
}

export const pad = (x: Value, pads: readonly number[], value = 0): Value =>
  pads.length === 2 * x.shape.length && pads.every(size => size === 0)
    ? x
    : apply(padOp, [x], { pads, value })[0]

export interface SliceAttributes {
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

/** A block of a tensor: from starts (included) to ends (excluded) on every axis. */
export const sliceOp: Operation<'slice', SliceAttributes> = {
  name: 'slice',
  infer: ([{ dtype, shape }], { starts, ends }, refuse) => {
    const inside = shape.every((d, i) => starts[i] >= 0 && starts[i] < ends[i] && ends[i] <= d)
    if (starts.length !== shape.length || ends.length !== shape.length || !inside)
      refuse(
        `a block inside ${formatShape(shape)}`,
        `${formatShape(starts)} to ${formatShape(ends)}`,
      )
    return [{ dtype, shape: ends.map((end, i) => end - starts[i]) }]
  },
  gradient: ({ inputs: [{ shape }], attributes: { starts, ends }, cotangents: [dy] }) => [
    pad(dy, [...starts, ...ends.map((end, i) => shape[i] - end)]),
  ],
}

export const slice = (x: Value, starts: readonly number[], ends: readonly number[]): Value =>
  apply(sliceOp, [x], { starts, ends })[0]
