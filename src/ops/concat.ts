/** Tensors one after the other along an axis. */

import { formatShape } from '../errors/index.ts'
import type { Value } from '../graph/index.ts'
import { apply, expectAxis, expectDType, type Operation } from './operation.ts'
import { split } from './split.ts'

export interface ConcatAttributes {
  readonly axis: number
}

export const concatOp: Operation<'concat', ConcatAttributes> = {
  name: 'concat',
  infer: (inputs, { axis }, refuse) => {
    if (inputs.length === 0) refuse('at least one input', 'none')
    const [{ dtype, shape }] = inputs
    expectDType(inputs, dtype, refuse)
    expectAxis(axis, shape.length, refuse)
    for (const other of inputs)
      if (
        other.shape.length !== shape.length ||
        other.shape.some((d, i) => i !== axis && d !== shape[i])
      )
        refuse(`shapes like ${formatShape(shape)} except on axis ${axis}`, formatShape(other.shape))
    const total = inputs.reduce((sum, input) => sum + input.shape[axis], 0)
    return [{ dtype, shape: shape.with(axis, total) }]
  },
  gradient: ({ inputs, attributes: { axis }, cotangents: [dy] }) =>
    split(
      dy,
      inputs.map(({ shape }) => shape[axis]),
      axis,
    ),
}

/** One input is returned as it is. */
export const concat = (inputs: readonly Value[], axis: number): Value =>
  inputs.length === 1 ? inputs[0] : apply(concatOp, inputs, { axis })[0]
