/** Surrounds a tensor with a constant. */

import type { Value } from '../graph/index.ts'
import { apply, expectDType, type Operation } from './operation.ts'
import { slice } from './slice.ts'

export interface PadAttributes {
  /** How many before each axis, then how many after each axis (ONNX's order). */
  readonly pads: readonly number[]
  readonly value: number
}

export const padOp: Operation<'pad', PadAttributes> = {
  name: 'pad',
  infer: (inputs, { pads }, refuse) => {
    expectDType(inputs, 'float', refuse)
    const [{ shape }] = inputs
    const rank = shape.length
    if (pads.length !== 2 * rank || pads.some(size => !Number.isInteger(size) || size < 0))
      refuse(`${2 * rank} pads ≥ 0`, `[${pads.join(', ')}]`)
    return [{ dtype: 'float', shape: shape.map((d, i) => pads[i] + d + pads[i + rank]) }]
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
