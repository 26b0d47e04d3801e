/** The largest numbers along the last axis, in order, and where they stood. */

import { type Shape, sizeOf, type Value } from '../graph/index.ts'
import { add } from './arithmetic.ts'
import { cast } from './cast.ts'
import { constant } from './constant.ts'
import { gatherGradient } from './gather.ts'
import { apply, expectFloats, type Operation } from './operation.ts'
import { reshape } from './reshape.ts'

export interface TopKAttributes {
  /** How many, at most the size of the last axis. */
  readonly k: number
}

/** Beyond these, float32 skips whole numbers. */
const MAX_INDEX = 2 ** 24

/**
 * Places in the last axis of rows [..., n] as places in all rows one after the other.
 * @param indices - int [..., k], each below n
 */
export const flatIndices = (indices: Value, n: number): Value => {
  const k = indices.shape[indices.shape.length - 1]
  const rows = sizeOf(indices.shape) / Math.max(k, 1)
  const flat = reshape(indices, [rows * k])
  if (rows <= 1) return flat
  const starts = constant(
    Array.from({ length: rows * k }, (_, i) => Math.floor(i / k) * n),
    [rows * k],
  )
  return cast(add(cast(flat), starts), 'int32')
}

/** Values in descending order and their indices; of equal ones the first comes first. */
export const topKOp: Operation<'topK', TopKAttributes> = {
  name: 'topK',
  infer: ([x], { k }, refuse) => {
    expectFloats([x], refuse)
    const n = x.shape.at(-1) ?? refuse('an input of at least one axis', 'a scalar')
    if (!Number.isInteger(k) || k < 1 || k > (n ?? 0)) refuse(`k from 1 to ${n}`, `${k}`)
    if (sizeOf(x.shape) > MAX_INDEX) refuse(`at most ${MAX_INDEX} numbers`, `${sizeOf(x.shape)}`)
    const shape: Shape = x.shape.with(-1, k)
    return [
      { dtype: x.dtype, shape },
      { dtype: 'int32', shape },
    ]
  },
  gradient: ({ inputs: [x], outputs: [, indices], cotangents: [dy] }) => {
    const places = flatIndices(indices, x.shape[x.shape.length - 1])
    const flat = gatherGradient(places, reshape(dy, [-1]), sizeOf(x.shape), 0)
    return [reshape(flat, x.shape)]
  },
}

export const topK = (x: Value, k: number): { readonly values: Value; readonly indices: Value } => {
  const [values, indices] = apply(topKOp, [x], { k })
  return { values, indices }
}
