/**
 * Batch normalization with the statistics of the batch (Ioffe & Szegedy, arXiv:1502.03167):
 * y = scale · (x − mean) / √(variance + ε) + bias, over all axes of [N, C, …] but the channels'.
 * Also gives mean and (biased) variance, through which no gradient flows.
 */

import { formatShape } from '../errors/index.ts'
import { sameShape, type Value } from '../graph/index.ts'
import { add, div, mul, neg, sqrt, sub } from './arithmetic.ts'
import { reduceSum } from './broadcast.ts'
import { channelsOf, type EpsilonAttributes, expectVectors } from './normalization.ts'
import { apply, type Operation, onceDifferentiable } from './operation.ts'
import { reshape } from './reshape.ts'

export const batchNormalizationOp: Operation<'batchNormalization', EpsilonAttributes> = {
  name: 'batchNormalization',
  infer: (inputs, attributes, refuse) => {
    const [x, ...vectors] = inputs
    const channels = channelsOf(x, refuse)
    expectVectors(inputs, vectors, channels, attributes, refuse)
    const perChannel = { dtype: x.dtype, shape: [channels] }
    return [x, perChannel, perChannel]
  },
  gradient: ({ inputs: [x, scale], outputs: [, mean, variance], attributes, cotangents: [dy] }) =>
    batchNormalizationGradient(x, scale, mean, variance, dy, attributes),
}

export interface BatchStatistics {
  readonly output: Value
  /** [C] */
  readonly mean: Value
  /** [C], divided by the number of elements, not by one less. */
  readonly variance: Value
}

/** @param x - [N, C, …]; `scale` and `bias` are [C] */
export const batchNormalization = (
  x: Value,
  scale: Value,
  bias: Value,
  epsilon = 1e-5,
): BatchStatistics => {
  const [output, mean, variance] = apply(batchNormalizationOp, [x, scale, bias], { epsilon })
  return { output, mean, variance }
}

/**
 * The gradients of batch normalization, with x̂ = (x − mean)/√(variance + ε) and M elements a channel:
 * dbias = Σ dy, dscale = Σ dy·x̂, dx = scale/√(variance + ε) · (dy − dbias/M − x̂·dscale/M).
 */
export const batchNormalizationGradientOp: Operation<
  'batchNormalizationGradient',
  EpsilonAttributes
> = {
  name: 'batchNormalizationGradient',
  infer: (inputs, attributes, refuse) => {
    const [x, scale, mean, variance, dy] = inputs
    const channels = channelsOf(x, refuse)
    expectVectors(inputs, [scale, mean, variance], channels, attributes, refuse)
    if (!sameShape(x.shape, dy.shape))
      refuse(`a cotangent of shape ${formatShape(x.shape)}`, formatShape(dy.shape))
    return [x, scale, scale]
  },
  gradient: () => onceDifferentiable('batchNormalizationGradient'),
}

/** The cotangents of input, scale and bias. */
export const batchNormalizationGradient = (
  x: Value,
  scale: Value,
  mean: Value,
  variance: Value,
  dy: Value,
  attributes: EpsilonAttributes,
): readonly Value[] =>
  apply(batchNormalizationGradientOp, [x, scale, mean, variance, dy], attributes)

/** Batch normalization with given statistics: y = scale · (x − mean) / √(variance + ε) + bias. */
export const batchNormalizationInferenceOp: Operation<
  'batchNormalizationInference',
  EpsilonAttributes
> = {
  name: 'batchNormalizationInference',
  infer: (inputs, attributes, refuse) => {
    const [x, ...vectors] = inputs
    expectVectors(inputs, vectors, channelsOf(x, refuse), attributes, refuse)
    return [x]
  },
  gradient: ({
    inputs: [x, scale, , mean, variance],
    attributes: { epsilon },
    cotangents: [dy],
  }) => {
    const channelwise = (vector: Value): Value =>
      reshape(vector, [-1, ...x.shape.slice(2).map(() => 1)])
    const others = [...x.shape.keys()].filter(axis => axis !== 1)
    const std = sqrt(add(variance, epsilon))
    const factor = div(scale, std)
    const dBias = reduceSum(dy, others)
    const dScale = div(reduceSum(mul(dy, sub(x, channelwise(mean))), others), std)
    return [
      mul(dy, channelwise(factor)),
      dScale,
      dBias,
      neg(mul(factor, dBias)),
      mul(div(mul(scale, dScale), add(variance, epsilon)), -0.5),
    ]
  },
}

/** @param x - [N, C, …]; all others are [C] */
export const batchNormalizationInference = (
  x: Value,
  scale: Value,
  bias: Value,
  mean: Value,
  variance: Value,
  epsilon = 1e-5,
): Value => apply(batchNormalizationInferenceOp, [x, scale, bias, mean, variance], { epsilon })[0]
