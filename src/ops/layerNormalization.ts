/** Layer normalization over the last axis (Ba et al., arXiv:1607.06450): y = scale · (x − mean)/√(variance + ε) + bias. */

import type { Value } from '../graph/index.ts'
import { layerNormalizationGradient } from './layerNormalizationGradient.ts'
import { type EpsilonAttributes, expectVectors } from './normalization.ts'
import { apply, type Operation } from './operation.ts'

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
