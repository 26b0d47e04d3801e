/** Symbolic values, known by dtype and static shape only, and the nodes that compute them. */

import { formatShape, GraphError } from '../errors/index.ts'
import type { DType, Shape } from '../tensor/tensor.ts'

/** What an operation needs to know of a value to check itself. */
export interface ValueType {
  readonly dtype: DType
  readonly shape: Shape
}

/** An immutable symbolic tensor: an output of a node, or an input of the graph. */
export interface Value extends ValueType {
  /** The node that computes it; absent for a graph input. */
  readonly node?: Node
  /** Which of the node's outputs it is. */
  readonly index: number
  /** The name of a graph input. */
  readonly name?: string
}

/** One operation applied to values, under the path of the layer that applied it. */
export interface Node {
  /** The operation's name, a key of the operation table. */
  readonly op: string
  readonly attributes: object
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  /** Where it was made: `layer2.0.se.fc1`, or `''` outside any layer. */
  readonly path: string
}

/** Whether these are dimensions: whole and not negative. */
export const isShape = (shape: Shape): boolean =>
  shape.every(dimension => Number.isInteger(dimension) && dimension >= 0)

/**
 * A graph input: a named tensor that every run is given.
 * @throws GraphError for dimensions that are no whole numbers
 */
export const input = (name: string, shape: Shape, dtype: DType = 'float32'): Value => {
  if (!isShape(shape))
    throw new GraphError({
      where: `input ${name}`,
      expected: 'whole dimensions',
      got: formatShape(shape),
    })
  return { dtype, shape, index: 0, name }
}

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((dimension, axis) => dimension === b[axis])
