/** Normalization layers. */

import { sizeOf } from '../graph/index.ts'
import {
  add,
  batchNormalization,
  batchNormalizationInference,
  layerNormalization,
  mul,
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
      const { output, mean, variance } = batchNormalization(x, weight, bias, epsilon)
      const count = sizeOf(x.shape) / channels
      const unbiased = count / Math.max(count - 1, 1)
      mode.update(running_mean, add(mul(running_mean, 1 - momentum), mul(mean, momentum)))
      mode.update(
        running_var,
        add(mul(running_var, 1 - momentum), mul(variance, momentum * unbiased)),
      )
      return output
    },
  )

/** Layer normalization of the last axis. */
export const layerNorm = (features: number, { epsilon = 1e-5 } = {}): Layer =>
  layer(
    {
      weight: parameter([features], init.constant(1)),
      bias: parameter([features], init.constant(0)),
    },
    ({ weight, bias }, x) => layerNormalization(x, weight, bias, epsilon),
  )
