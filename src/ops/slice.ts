/** A block of a tensor: from starts (included) to ends (excluded) on every axis. */

import { formatShape } from '../errors/index.ts'
import type { Value } from '../graph/index.ts'
import { apply, type Operation } from './operation.ts'
import { pad } from './pad.ts'

export interface SliceAttributes {
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

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
