/** Layer normalization over the last axis (Ba et al., arXiv:1607.06450): y = scale · (x − mean)/√(variance + ε) + bias. */

import { formatShape } from '../errors/index.ts'
import { sameShape, type Value } from '../graph/index.ts'
import { type EpsilonAttributes, expectVectors } from './normalization.ts'
import { apply, type Operation, onceDifferentiable } from './operation.ts'

export const layerNormalizationOp: Operation<'layerNormalization', EpsilonAttributes> = {
  name: 'layerNormalization',
  infer: (inputs, attributes, refuse) => {
    const [x, ...vectors] = inputs
    if (x.shape.length < 1) refuse('an input with at least one axis', 'a scalar')
    expectVectors(inputs, vectors, x.shape[x.shape.length - 1], attributes, refuse)
    return [x]
  },
  gradient: ({ inputs: [x, scale], attributes, cotangents: [dy] }) =>
    layerNormalizationGradient(x, scale, dy, attributes),
}

/** @param scale - one entry for each element of the last axis, like `bias` */
export const layerNormalization = (x: Value, scale: Value, bias: Value, epsilon = 1e-5): Value =>
  apply(layerNormalizationOp, [x, scale, bias], { epsilon })[0]

/**
 * The gradients of layer normalization, with x̂ the normalized input and g = dy·scale:
 * dx = (g − mean(g) − x̂·mean(g·x̂)) / √(variance + ε), dscale = Σ dy·x̂, dbias = Σ dy.
 */
export const layerNormalizationGradientOp: Operation<
  'layerNormalizationGradient',
  EpsilonAttributes
> = {
  name: 'layerNormalizationGradient',
  infer: (inputs, attributes, refuse) => {
    const [x, scale, dy] = inputs
    if (!sameShape(x.shape, dy.shape))
      refuse(`a cotangent of shape ${formatShape(x.shape)}`, formatShape(dy.shape))
    expectVectors(inputs, [scale], x.shape[x.shape.length - 1], attributes, refuse)
    return [x, scale, scale]
  },
  gradient: () => onceDifferentiable('layerNormalizationGradient'),
}

/** The cotangents of input, scale and bias. */
export const layerNormalizationGradient = (
  x: Value,
  scale: Value,
  dy: Value,
  attributes: EpsilonAttributes,
): readonly Value[] => apply(layerNormalizationGradientOp, [x, scale, dy], attributes)
