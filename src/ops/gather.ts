/** Picks entries along an axis by int indices, whose shape takes the axis' place. */

import type { Value } from '../graph/index.ts'
import { gatherGradient } from './gatherGradient.ts'
import { apply, expectAxis, expectDType, type Operation } from './operation.ts'

export interface GatherAttributes {
  readonly axis: number
}

export const gatherOp: Operation<'gather', GatherAttributes> = {
  name: 'gather',
  infer: ([x, indices], { axis }, refuse) => {
    expectDType([x], 'float', refuse)
    expectDType([indices], 'int', refuse)
    expectAxis(axis, x.shape.length, refuse)
    return [{ dtype: 'float', shape: x.shape.toSpliced(axis, 1, ...indices.shape) }]
  },
  gradient: ({ inputs: [x, indices], attributes: { axis }, cotangents: [dy] }) => [
    gatherGradient(indices, dy, x.shape[axis], axis),
    undefined,
  ],
}

/** @param indices - each from 0 to the axis' size − 1 */
export const gather = (x: Value, indices: Value, axis: number): Value =>
  apply(gatherOp, [x, indices], { axis })[0]
