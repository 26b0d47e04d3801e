/** What an operation is: a name, a shape rule, a gradient and a cost; and how one is applied. */

import { formatShape, GraphError, type Refuse } from '../errors/index.ts'
import {
  currentPath,
  type DType,
  isFloat,
  isShape,
  type Node,
  type Value,
  type ValueType,
} from '../graph/index.ts'

export type { Refuse } from '../errors/index.ts'

/** An operation in place, with the cotangents of its outputs (zeros where nothing flows back). */
export interface Backward<Attributes> {
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly attributes: Attributes
  readonly cotangents: readonly Value[]
}

export interface Operation<Name extends string = string, Attributes extends object = object> {
  readonly name: Name
  /** The types of the outputs; refuses inputs and attributes that do not fit. */
  infer(inputs: readonly ValueType[], attributes: Attributes, refuse: Refuse): readonly ValueType[]
  /** The cotangent of each input, as graph; `undefined` where the output does not depend on it smoothly. */
  gradient(application: Backward<Attributes>): readonly (Value | undefined)[]
  /** Multiply-adds of one evaluation: of convolutions and matrix products, as the papers count. */
  multiplyAdds?(
    inputs: readonly ValueType[],
    outputs: readonly ValueType[],
    attributes: Attributes,
  ): number
}

/** The attributes of an operation that has none. */
export type NoAttributes = Record<string, never>

const typeText = ({ dtype, shape }: ValueType): string =>
  dtype === 'float32' ? formatShape(shape) : `${dtype} ${formatShape(shape)}`

/**
 * Applies an operation: checks, and returns its outputs.
 * @throws GraphError that names the layer, what was expected, what came, and the inputs' shapes.
 */
export const apply = <Attributes extends object>(
  operation: Operation<string, Attributes>,
  inputs: readonly Value[],
  attributes: Attributes,
): readonly Value[] => {
  const path = currentPath()
  const refuse: Refuse = (expected, got, hint) => {
    throw new GraphError({
      where: path === '' ? operation.name : `${path} (${operation.name})`,
      expected,
      got,
      context: `input${inputs.length === 1 ? '' : 's'} ${inputs.map(typeText).join(', ')}`,
      hint,
    })
  }
  const types = operation.infer(inputs, attributes, refuse)
  for (const { shape } of types)
    if (!isShape(shape)) refuse('attributes that give whole dimensions', formatShape(shape))
  const outputs: Value[] = []
  const node: Node = { op: operation.name, attributes, inputs, outputs, path }
  for (const [index, { dtype, shape }] of types.entries())
    outputs.push({ dtype, shape, node, index })
  return outputs
}

/** The gradient of an operation that is itself a gradient and goes no further. */
export const onceDifferentiable = (name: string): never => {
  throw new GraphError({
    where: name,
    expected: 'a first derivative',
    got: 'a derivative of a gradient',
    hint: 'Second derivatives through normalization and max pooling are not supported; use stopGradient',
  })
}

/** Refuses inputs of another dtype. */
export const expectDType = (inputs: readonly ValueType[], dtype: DType, refuse: Refuse): void => {
  const wrong = inputs.find(input => input.dtype !== dtype)
  if (wrong !== undefined)
    refuse(`${dtype} inputs`, wrong.dtype, isFloat(dtype) ? 'Use cast(x) first' : undefined)
}

/** Refuses inputs that are not floats of one type. */
export const expectFloats = (inputs: readonly ValueType[], refuse: Refuse): void => {
  const [first] = inputs
  const wrong = inputs.find(({ dtype }) => !isFloat(dtype))
  if (wrong !== undefined) refuse('float inputs', wrong.dtype, 'Use cast(x) first')
  const other = inputs.find(({ dtype }) => dtype !== first.dtype)
  if (other !== undefined)
    refuse('floats of one type', `${first.dtype} and ${other.dtype}`, 'Use cast(x, dtype) first')
}

/** Refuses an axis that the rank does not have. */
export const expectAxis = (axis: number, rank: number, refuse: Refuse): void => {
  if (!Number.isInteger(axis) || axis < 0 || axis >= rank)
    refuse(`an axis from 0 to ${rank - 1}`, `${axis}`)
}
