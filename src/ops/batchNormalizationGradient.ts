/**
 * The gradients of batch normalization, with x̂ = (x − mean)/√(variance + ε) and M elements a channel:
 * dbias = Σ dy, dscale = Σ dy·x̂, dx = scale/√(variance + ε) · (dy − dbias/M − x̂·dscale/M).
 */

import { formatShape } from '../errors/index.ts'
import { sameShape, type Value } from '../graph/index.ts'
import { channelsOf, type EpsilonAttributes, expectVectors } from './normalization.ts'
import { apply, type Operation, onceDifferentiable } from './operation.ts'

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
