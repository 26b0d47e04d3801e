/** Repeats every pixel of [N, C, H, W] in a square of `scale` by `scale`. */

import type { Value } from '../graph/index.ts'
import { reduceSum } from './broadcast.ts'
import { apply, expectFloats, type Operation } from './operation.ts'
import { reshape } from './reshape.ts'

export interface UpsampleNearestAttributes {
  readonly scale: number
}

export const upsampleNearestOp: Operation<'upsampleNearest', UpsampleNearestAttributes> = {
  name: 'upsampleNearest',
  infer: (inputs, { scale }, refuse) => {
    expectFloats(inputs, refuse)
    const [{ shape }] = inputs
    if (shape.length !== 4) refuse('an input [N, C, H, W]', `rank ${shape.length}`)
    if (!Number.isInteger(scale) || scale < 1) refuse('a whole scale of at least 1', `${scale}`)
    const [n, c, h, w] = shape
    return [{ dtype: inputs[0].dtype, shape: [n, c, h * scale, w * scale] }]
  },
  gradient: ({ inputs: [x], attributes: { scale }, cotangents: [dy] }) => {
    const [n, c, h, w] = x.shape
    const squares = reshape(dy, [n, c, h, scale, w, scale])
    return [reshape(reduceSum(squares, [3, 5]), x.shape)]
  },
}

export const upsampleNearest = (x: Value, scale: number): Value =>
  scale === 1 ? x : apply(upsampleNearestOp, [x], { scale })[0]
