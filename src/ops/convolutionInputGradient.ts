/** The gradient of a convolution with respect to its input: dx[n,c,q] = Σ w[o,c,k] · dy[n,o,p] over all (p, k) that read q. */

import { formatShape } from '../errors/index.ts'
import { type Shape, sameShape, sizeOf, type Value } from '../graph/index.ts'
import { type ConvolutionAttributes, convolutionOp, convolutionShape } from './convolution.ts'
import { convolutionWeightGradient } from './convolutionWeightGradient.ts'
import { apply, expectDType, type Operation } from './operation.ts'

export interface ConvolutionInputGradientAttributes extends ConvolutionAttributes {
  readonly inputShape: Shape
}

export const convolutionInputGradientOp: Operation<
  'convolutionInputGradient',
  ConvolutionInputGradientAttributes
> = {
  name: 'convolutionInputGradient',
  infer: (inputs, { inputShape, ...attributes }, refuse) => {
    expectDType(inputs, 'float', refuse)
    const [weight, dy] = inputs
    const shape = convolutionShape(inputShape, weight.shape, attributes, refuse)
    if (!sameShape(shape, dy.shape))
      refuse(`a cotangent of shape ${formatShape(shape)}`, formatShape(dy.shape))
    return [{ dtype: 'float', shape: inputShape }]
  },
  // dx is linear in both: its transposes are the other two directions of the same convolution.
  gradient: ({
    inputs: [weight, dy],
    attributes: { inputShape: _, ...attributes },
    cotangents: [g],
  }) => [
    convolutionWeightGradient(g, dy, weight.shape, attributes),
    apply(convolutionOp, [g, weight], attributes)[0],
  ],
  multiplyAdds: ([weight, dy]) => (sizeOf(dy.shape) * sizeOf(weight.shape)) / weight.shape[0],
}

export const convolutionInputGradient = (
  weight: Value,
  dy: Value,
  inputShape: Shape,
  attributes: ConvolutionAttributes,
): Value => apply(convolutionInputGradientOp, [weight, dy], { ...attributes, inputShape })[0]
