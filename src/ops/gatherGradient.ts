/** The gradient of gather: adds each entry of dy to the place it was picked from. */

import { formatShape } from '../errors/index.ts'
import { sameShape, type Value } from '../graph/index.ts'
import { gather } from './gather.ts'
import { apply, expectAxis, expectDType, type Operation } from './operation.ts'

export interface GatherGradientAttributes {
  /** The gathered axis, and its size in the tensor that was gathered from. */
  readonly axis: number
  readonly size: number
}

export const gatherGradientOp: Operation<'gatherGradient', GatherGradientAttributes> = {
  name: 'gatherGradient',
  infer: ([indices, dy], { axis, size }, refuse) => {
    expectDType([indices], 'int', refuse)
    expectDType([dy], 'float', refuse)
    const rank = indices.shape.length
    expectAxis(axis, dy.shape.length - rank + 1, refuse)
    if (!sameShape(dy.shape.slice(axis, axis + rank), indices.shape))
      refuse(`${formatShape(indices.shape)} from axis ${axis} of dy`, formatShape(dy.shape))
    return [{ dtype: 'float', shape: dy.shape.toSpliced(axis, rank, size) }]
  },
  gradient: ({ inputs: [indices], attributes: { axis }, cotangents: [g] }) => [
    undefined,
    gather(g, indices, axis),
  ],
}

export const gatherGradient = (indices: Value, dy: Value, size: number, axis: number): Value =>
  apply(gatherGradientOp, [indices, dy], { axis, size })[0]
