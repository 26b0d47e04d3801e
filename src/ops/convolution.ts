/**
 * Cross-correlation of [N, C, …] with kernels [O, C/group, …], over one or two spatial axes:
 * y[n,o,p] = b[o] + Σ_{c,k} w[o,c,k] · x[n, c, p·stride + k·dilation − pad].
 */

import { formatShape } from '../errors/index.ts'
import { type Shape, sameShape, sizeOf, type Value } from '../graph/index.ts'
import { reduceSum } from './broadcast.ts'
import { apply, expectFloats, type Operation, type Refuse } from './operation.ts'
import {
  type WindowAttributes,
  type WindowOptions,
  windowAttributes,
  windowOutput,
} from './window.ts'

export interface ConvolutionAttributes extends WindowAttributes {
  /** Input and output channels fall into this many groups, each convolved with itself only. */
  readonly group: number
}

/** The output shape of a convolution; refuses what does not fit. */
export const convolutionShape = (
  x: Shape,
  weight: Shape,
  attributes: ConvolutionAttributes,
  refuse: Refuse,
): Shape => {
  if (x.length !== 3 && x.length !== 4)
    refuse('an input [N, C, H, W] or [N, C, L]', `${formatShape(x)}`)
  if (weight.length !== x.length) refuse(`a weight of rank ${x.length}`, formatShape(weight))
  const [outputs, channels] = weight
  const { group } = attributes
  if (!Number.isInteger(group) || group < 1 || outputs % group !== 0)
    refuse(`a group count that divides the ${outputs} output channels`, `${group}`)
  if (x[1] !== channels * group) refuse(`${channels * group} input channels`, `${x[1]}`)
  return [x[0], outputs, ...windowOutput(x.slice(2), weight.slice(2), attributes, refuse)]
}

export const convolutionOp: Operation<'convolution', ConvolutionAttributes> = {
  name: 'convolution',
  infer: (inputs, attributes, refuse) => {
    expectFloats(inputs, refuse)
    const [x, weight, bias] = inputs
    const shape = convolutionShape(x.shape, weight.shape, attributes, refuse)
    if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== shape[1]))
      refuse(`a bias of shape [${shape[1]}]`, formatShape(bias.shape))
    return [{ dtype: inputs[0].dtype, shape }]
  },
  gradient: ({ inputs: [x, weight, bias], attributes, cotangents: [dy] }) => [
    convolutionInputGradient(weight, dy, x.shape, attributes),
    convolutionWeightGradient(x, dy, weight.shape, attributes),
    ...(bias === undefined
      ? []
      : [
          reduceSum(
            dy,
            [...dy.shape.keys()].filter(axis => axis !== 1),
          ),
        ]),
  ],
  multiplyAdds: ([, weight], [y]) => (sizeOf(y.shape) * sizeOf(weight.shape)) / weight.shape[0],
}

export interface ConvolutionOptions extends WindowOptions {
  readonly group?: number
}

/**
 * @param x - [N, C, H, W], or [N, C, L] for one spatial axis
 * @param weight - [O, C/group, kH, kW], or [O, C/group, k]
 * @param bias - [O]
 */
export const convolution = (
  x: Value,
  weight: Value,
  bias?: Value,
  { group = 1, ...window }: ConvolutionOptions = {},
): Value =>
  apply(convolutionOp, bias === undefined ? [x, weight] : [x, weight, bias], {
    ...windowAttributes(window, x.shape.length - 2),
    group,
  })[0]

export interface ConvolutionInputGradientAttributes extends ConvolutionAttributes {
  readonly inputShape: Shape
}

/** The gradient of a convolution with respect to its input: dx[n,c,q] = Σ w[o,c,k] · dy[n,o,p] over all (p, k) that read q. */
export const convolutionInputGradientOp: Operation<
  'convolutionInputGradient',
  ConvolutionInputGradientAttributes
> = {
  name: 'convolutionInputGradient',
  infer: (inputs, { inputShape, ...attributes }, refuse) => {
    expectFloats(inputs, refuse)
    const [weight, dy] = inputs
    const shape = convolutionShape(inputShape, weight.shape, attributes, refuse)
    if (!sameShape(shape, dy.shape))
      refuse(`a cotangent of shape ${formatShape(shape)}`, formatShape(dy.shape))
    return [{ dtype: inputs[0].dtype, shape: inputShape }]
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

export interface ConvolutionWeightGradientAttributes extends ConvolutionAttributes {
  readonly weightShape: Shape
}

/** The gradient of a convolution with respect to its weight: dw[o,c,k] = Σ_{n,p} x[n, c, p·stride + k·dilation − pad] · dy[n,o,p]. */
export const convolutionWeightGradientOp: Operation<
  'convolutionWeightGradient',
  ConvolutionWeightGradientAttributes
> = {
  name: 'convolutionWeightGradient',
  infer: (inputs, { weightShape, ...attributes }, refuse) => {
    expectFloats(inputs, refuse)
    const [x, dy] = inputs
    const shape = convolutionShape(x.shape, weightShape, attributes, refuse)
    if (!sameShape(shape, dy.shape))
      refuse(`a cotangent of shape ${formatShape(shape)}`, formatShape(dy.shape))
    return [{ dtype: inputs[0].dtype, shape: weightShape }]
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
