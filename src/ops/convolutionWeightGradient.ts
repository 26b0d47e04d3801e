/** The gradient of a convolution with respect to its weight: dw[o,c,k] = Σ_{n,p} x[n, c, p·stride + k·dilation − pad] · dy[n,o,p]. */

import { formatShape } from '../errors/index.ts'
import { type Shape, sameShape, sizeOf, type Value } from '../graph/index.ts'
import { type ConvolutionAttributes, convolutionOp, convolutionShape } from './convolution.ts'
import { convolutionInputGradient } from './convolutionInputGradient.ts'
import { apply, expectDType, type Operation } from './operation.ts'

export interface ConvolutionWeightGradientAttributes extends ConvolutionAttributes {
  readonly weightShape: Shape
}

export const convolutionWeightGradientOp: Operation<
  'convolutionWeightGradient',
  ConvolutionWeightGradientAttributes
> = {
  name: 'convolutionWeightGradient',
  infer: (inputs, { weightShape, ...attributes }, refuse) => {
    expectDType(inputs, 'float', refuse)
    const [x, dy] = inputs
    const shape = convolutionShape(x.shape, weightShape, attributes, refuse)
    if (!sameShape(shape, dy.shape))
      refuse(`a cotangent of shape ${formatShape(shape)}`, formatShape(dy.shape))
    return [{ dtype: 'float', shape: weightShape }]
  },
  // dw is linear in both: its transposes are the other two directions of the same convolution.
  gradient: ({
    inputs: [x, dy],
    attributes: { weightShape: _, ...attributes },
    cotangents: [g],
  }) => [
    convolutionInputGradient(g, dy, x.shape, attributes),
    apply(convolutionOp, [x, g], attributes)[0],
  ],
  multiplyAdds: ([, dy], [dw]) => (sizeOf(dy.shape) * sizeOf(dw.shape)) / dw.shape[0],
}

export const convolutionWeightGradient = (
  x: Value,
  dy: Value,
  weightShape: Shape,
  attributes: ConvolutionAttributes,
): Value => apply(convolutionWeightGradientOp, [x, dy], { ...attributes, weightShape })[0]
