/** The gradient of average pooling: each window's cotangent spreads evenly over what it counted. */

import type { Shape, Value } from '../graph/index.ts'
import { type AveragePoolAttributes, averagePoolOp } from './averagePool.ts'
import { apply, expectDType, type Operation } from './operation.ts'
import { expectPooled } from './pooling.ts'

export interface AveragePoolGradientAttributes extends AveragePoolAttributes {
  readonly inputShape: Shape
}

export const averagePoolGradientOp: Operation<
  'averagePoolGradient',
  AveragePoolGradientAttributes
> = {
  name: 'averagePoolGradient',
  infer: (inputs, { inputShape, ...attributes }, refuse) => {
    expectDType(inputs, 'float', refuse)
    expectPooled(inputs[0], inputShape, attributes, refuse)
    return [{ dtype: 'float', shape: inputShape }]
  },
  gradient: ({ attributes: { inputShape: _, ...attributes }, cotangents: [g] }) =>
    apply(averagePoolOp, [g], attributes),
}

export const averagePoolGradient = (
  dy: Value,
  inputShape: Shape,
  attributes: AveragePoolAttributes,
): Value => apply(averagePoolGradientOp, [dy], { ...attributes, inputShape })[0]
