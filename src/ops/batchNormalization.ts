/**
 * Batch normalization with the statistics of the batch (Ioffe & Szegedy, arXiv:1502.03167):
 * y = scale · (x − mean) / √(variance + ε) + bias, over all axes of [N, C, …] but the channels'.
 * Also gives mean and (biased) variance, through which no gradient flows.
 */

import type { Value } from '../graph/index.ts'
import { batchNormalizationGradient } from './batchNormalizationGradient.ts'
import { channelsOf, type EpsilonAttributes, expectVectors } from './normalization.ts'
import { apply, type Operation } from './operation.ts'

export const batchNormalizationOp: Operation<'batchNormalization', EpsilonAttributes> = {
  name: 'batchNormalization',
  infer: (inputs, attributes, refuse) => {
    const [x, ...vectors] = inputs
    const channels = channelsOf(x, refuse)
    expectVectors(inputs, vectors, channels, attributes, refuse)
    return [x, { dtype: 'float', shape: [channels] }, { dtype: 'float', shape: [channels] }]
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
