/** Batch normalization with given statistics: y = scale · (x − mean) / √(variance + ε) + bias. */

import type { Value } from '../graph/index.ts'
import { add } from './add.ts'
import { div } from './div.ts'
import { mul } from './mul.ts'
import { neg } from './neg.ts'
import { channelsOf, type EpsilonAttributes, expectVectors } from './normalization.ts'
import { apply, type Operation } from './operation.ts'
import { reduceSum } from './reduceSum.ts'
import { reshape } from './reshape.ts'
import { sqrt } from './sqrt.ts'
import { sub } from './sub.ts'

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
