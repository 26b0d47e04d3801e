/** Normalization layers. */

import { sizeOf, type Value } from '../graph/index.ts'
import {
  add,
  allReduce,
  batchNormalization,
  batchNormalizationInference,
  div,
  layerNormalization,
  mul,
  reduceMean,
  reshape,
  sqrt,
  sub,
} from '../ops/index.ts'
import * as init from './init.ts'
import { buffer, type Layer, layer, parameter } from './layer.ts'

/** How a batch normalization counts. */
export interface BatchNormOptions {
  /** What is added to the variance. */
  readonly epsilon?: number
  /** How far the running statistics move to the batch's at each step, as in PyTorch. */
  readonly momentum?: number
  /** What the scale begins with; 0 on a residual branch makes its block begin as identity. */
  readonly scale?: number
}

/**
 * Batch normalization by the statistics of all processes' parts of a batch, which are of one size:
 * means of their means. Gradients flow through them, to all processes.
 */
const synchronized = (x: Value, weight: Value, bias: Value, epsilon: number, ranks: number) => {
  const spread = (perChannel: Value): Value => reshape(perChannel, [1, x.shape[1], 1, 1])
  const ofAll = (own: Value): Value => allReduce(mul(reduceMean(own, [0, 2, 3]), 1 / ranks))[0]
  const mean = ofAll(x)
  const centered = sub(x, spread(mean))
  const variance = ofAll(mul(centered, centered))
  const scale = div(weight, sqrt(add(variance, epsilon)))
  return { output: add(mul(centered, spread(scale)), spread(bias)), mean, variance }
}

/** Batch normalization of [N, channels, H, W]; the running variance is the unbiased one. */
export const batchNorm2d = (
  channels: number,
  { epsilon = 1e-5, momentum = 0.1, scale = 1 }: BatchNormOptions = {},
): Layer =>
  layer(
    {
      weight: parameter([channels], init.constant(scale)),
      bias: parameter([channels], init.constant(0)),
      running_mean: buffer([channels], init.constant(0)),
      running_var: buffer([channels], init.constant(1)),
    },
    ({ weight, bias, running_mean, running_var }, x, mode) => {
      if (!mode.batchStatistics)
        return batchNormalizationInference(x, weight, bias, running_mean, running_var, epsilon)
      const { synchronized: ranks = 1 } = mode
      const { output, mean, variance } =
        ranks === 1
          ? batchNormalization(x, weight, bias, epsilon)
          : synchronized(x, weight, bias, epsilon, ranks)
      const count = (ranks * sizeOf(x.shape)) / channels
      const unbiased = count / Math.max(count - 1, 1)
      mode.update(running_mean, add(mul(running_mean, 1 - momentum), mul(mean, momentum)))
      mode.update(
        running_var,
        add(mul(running_var, 1 - momentum), mul(variance, momentum * unbiased)),
      )
      return output
    },
  )

/** Batch normalization by what was learned elsewhere: an affine map of each channel, all of it buffers. */
export const frozenBatchNorm2d = (channels: number, { epsilon = 1e-5 } = {}): Layer => {
  const of = (value: number) => buffer([channels], init.constant(value))
  return layer(
    { weight: of(1), bias: of(0), running_mean: of(0), running_var: of(1) },
    ({ weight, bias, running_mean, running_var }, x) =>
      batchNormalizationInference(x, weight, bias, running_mean, running_var, epsilon),
  )
}

/** Layer normalization of the last axis. */
export const layerNorm = (features: number, { epsilon = 1e-5 } = {}): Layer =>
  layer(
    {
      weight: parameter([features], init.constant(1)),
      bias: parameter([features], init.constant(0)),
    },
    ({ weight, bias }, x) => layerNormalization(x, weight, bias, epsilon),
  )
