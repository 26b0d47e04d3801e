/** The shape rules of element-wise operations: same shape for one input, NumPy broadcasting for more. */

import { formatShape } from '../errors/index.ts'
import type { DType, Shape, Value, ValueType } from '../graph/index.ts'
import { constant } from './constant.ts'
import {
  type Backward,
  expectFloats,
  type NoAttributes,
  type Operation,
  type Refuse,
} from './operation.ts'

/** A value, or a number that broadcasts. */
export type Operand = Value | number

/** Operands as values; a number takes the type of the values beside it. */
export const operands = (...all: readonly Operand[]): Value[] => {
  const dtype = all.find(x => typeof x !== 'number')?.dtype
  return all.map(x => (typeof x === 'number' ? constant(x, [], dtype) : x))
}

/** The shape to which shapes broadcast: aligned at the last axis, ones stretch. */
export const broadcastShape = (shapes: readonly Shape[], refuse: Refuse): Shape => {
  const rank = Math.max(...shapes.map(shape => shape.length))
  return Array.from({ length: rank }, (_, axis) => {
    const dimensions = shapes.map(shape => shape[axis - rank + shape.length] ?? 1)
    const stretched = dimensions.find(dimension => dimension !== 1) ?? 1
    if (dimensions.some(dimension => dimension !== 1 && dimension !== stretched))
      refuse('shapes that broadcast', shapes.map(formatShape).join(' and '))
    return stretched
  })
}

type Gradient<Attributes> = (application: Backward<Attributes>) => readonly (Value | undefined)[]

/** y = f(x), element by element. */
export const unary = <Name extends string, Attributes extends object = NoAttributes>(
  name: Name,
  gradient: Gradient<Attributes>,
  check?: (attributes: Attributes, refuse: Refuse) => void,
): Operation<Name, Attributes> => ({
  name,
  infer: (inputs, attributes, refuse) => {
    expectFloats(inputs, refuse)
    check?.(attributes, refuse)
    return [{ dtype: inputs[0].dtype, shape: inputs[0].shape }]
  },
  gradient,
})

/** y = f(a, b), element by element after broadcasting. */
export const binary = <Name extends string>(
  name: Name,
  gradient: Gradient<NoAttributes>,
  dtype?: DType,
): Operation<Name, NoAttributes> => ({
  name,
  infer: (inputs: readonly ValueType[], _attributes, refuse) => {
    expectFloats(inputs, refuse)
    return [
      {
        dtype: dtype ?? inputs[0].dtype,
        shape: broadcastShape(
          inputs.map(({ shape }) => shape),
          refuse,
        ),
      },
    ]
  },
  gradient,
})
