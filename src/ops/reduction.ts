/** What all reductions share: axes to sum over, and whether they stay as ones. */

import type { Shape, Value } from '../graph/index.ts'
import {
  apply,
  type Backward,
  expectAxis,
  expectFloats,
  type Operation,
  type Refuse,
} from './operation.ts'
import { reshape } from './reshape.ts'

export interface ReductionAttributes {
  /** Ascending, without repeats. */
  readonly axes: readonly number[]
  readonly keepDims: boolean
}

const reducedShape = (shape: Shape, { axes, keepDims }: ReductionAttributes): Shape =>
  keepDims
    ? shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension))
    : shape.filter((_, axis) => !axes.includes(axis))

const checkAxes = (axes: readonly number[], rank: number, refuse: Refuse): void => {
  for (const axis of axes) expectAxis(axis, rank, refuse)
  if (axes.some((axis, i) => i > 0 && axis <= axes[i - 1]))
    refuse('ascending axes without repeats', `[${axes.join(', ')}]`)
}

export const reduction = <Name extends string>(
  name: Name,
  gradient: (application: Backward<ReductionAttributes>) => readonly Value[],
): Operation<Name, ReductionAttributes> => ({
  name,
  infer: (inputs, attributes, refuse) => {
    expectFloats(inputs, refuse)
    checkAxes(attributes.axes, inputs[0].shape.length, refuse)
    return [{ dtype: inputs[0].dtype, shape: reducedShape(inputs[0].shape, attributes) }]
  },
  gradient,
})

/** The user's form of a reduction: all axes unless some are named, negative ones from the end. */
export const reduce =
  (operation: Operation<string, ReductionAttributes>) =>
  (
    x: Value,
    axes: readonly number[] = [...x.shape.keys()],
    { keepDims = false }: { keepDims?: boolean } = {},
  ): Value => {
    const rank = x.shape.length
    const ascending = axes.map(axis => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b)
    return apply(operation, [x], { axes: ascending, keepDims })[0]
  }

/** A reduced tensor with its axes back as ones, so that it broadcasts against the input. */
export const keepDims = (reduced: Value, input: Value, axes: readonly number[]): Value =>
  reshape(reduced, reducedShape(input.shape, { axes, keepDims: true }))
