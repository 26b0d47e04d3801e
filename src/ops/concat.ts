/** Joining tensors along an axis and cutting one up: each is the gradient of the other. */

import { formatShape } from '../errors/index.ts'
import type { Value } from '../graph/index.ts'
import { apply, expectAxis, expectDType, type Operation } from './operation.ts'

export interface ConcatAttributes {
  readonly axis: number
}

/** Tensors one after the other along an axis. */
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

export interface SplitAttributes {
  readonly sizes: readonly number[]
  readonly axis: number
}

/** Cuts a tensor along an axis into pieces of given sizes. */
export const splitOp: Operation<'split', SplitAttributes> = {
  name: 'split',
  infer: ([{ dtype, shape }], { sizes, axis }, refuse) => {
    expectAxis(axis, shape.length, refuse)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    if (total !== shape[axis] || sizes.some(size => size < 1))
      refuse(`positive sizes that add up to ${shape[axis]}`, `[${sizes.join(', ')}]`)
    return sizes.map(size => ({ dtype, shape: shape.with(axis, size) }))
  },
  gradient: ({ attributes: { axis }, cotangents }) => [concat(cotangents, axis)],
}

/** One piece is the tensor itself. */
export const split = (x: Value, sizes: readonly number[], axis: number): readonly Value[] =>
  sizes.length === 1 && sizes[0] === x.shape[axis] ? [x] : apply(splitOp, [x], { sizes, axis })
