/** Picking entries by indices, and its gradient: adding entries where they were picked from. */

import { formatShape } from '../errors/index.ts'
import { sameShape, type Value } from '../graph/index.ts'
import { apply, expectAxis, expectDType, expectFloats, type Operation } from './operation.ts'

export interface GatherAttributes {
  readonly axis: number
}

/** Picks entries along an axis by int indices, whose shape takes the axis' place. */
export const gatherOp: Operation<'gather', GatherAttributes> = {
  name: 'gather',
  infer: ([x, indices], { axis }, refuse) => {
    expectFloats([x], refuse)
    expectDType([indices], 'int32', refuse)
    expectAxis(axis, x.shape.length, refuse)
    return [{ dtype: x.dtype, shape: x.shape.toSpliced(axis, 1, ...indices.shape) }]
  },
  gradient: ({ inputs: [x, indices], attributes: { axis }, cotangents: [dy] }) => [
    gatherGradient(indices, dy, x.shape[axis], axis),
    undefined,
  ],
}

/** @param indices - each from 0 to the axis' size − 1 */
export const gather = (x: Value, indices: Value, axis: number): Value =>
  apply(gatherOp, [x, indices], { axis })[0]

export interface GatherGradientAttributes {
  /** The gathered axis, and its size in the tensor that was gathered from. */
  readonly axis: number
  readonly size: number
}

/** The gradient of gather: adds each entry of dy to the place it was picked from. */
export const gatherGradientOp: Operation<'gatherGradient', GatherGradientAttributes> = {
  name: 'gatherGradient',
  infer: ([indices, dy], { axis, size }, refuse) => {
    expectDType([indices], 'int32', refuse)
    expectFloats([dy], refuse)
    const rank = indices.shape.length
    expectAxis(axis, dy.shape.length - rank + 1, refuse)
    if (!sameShape(dy.shape.slice(axis, axis + rank), indices.shape))
      refuse(`${formatShape(indices.shape)} from axis ${axis} of dy`, formatShape(dy.shape))
    return [{ dtype: dy.dtype, shape: dy.shape.toSpliced(axis, rank, size) }]
  },
  gradient: ({ inputs: [indices], attributes: { axis }, cotangents: [g] }) => [
    undefined,
    gather(g, indices, axis),
  ],
}

export const gatherGradient = (indices: Value, dy: Value, size: number, axis: number): Value =>
  apply(gatherGradientOp, [indices, dy], { axis, size })[0]
