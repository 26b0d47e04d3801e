/**
 * Squeeze-and-Excitation (Hu, Shen, Albanie, Sun, Wu: Squeeze-and-Excitation Networks,
 * arXiv:1709.01507): x̃_c = s_c · u_c with s = σ(W₂ δ(W₁ z)), z_c the mean of u_c over space (eq. 2-4).
 *
 * Both fully connected layers are 1×1 convolutions on the squeezed map, with biases as in the
 * released models; the paper's ablations have none (section 6). Variants of its Tables 10-16 are
 * options.
 */

import type { Value } from '../graph/index.ts'
import { conv2d, globalAveragePool, type Layer, layer, tap } from '../nn/index.ts'
import { mul, reduceMax, relu, sigmoid, tanh } from '../ops/index.ts'
import { recalibration } from './attention.ts'
import { hiddenWidth } from './hidden.ts'

const squeezes = {
  mean: globalAveragePool,
  max: (u: Value) => reduceMax(u, [2, 3], { keepDims: true }),
  /** NoSqueeze (Table 16): both layers become 1×1 convolutions at full resolution. */
  none: (u: Value) => u,
}
const gates = { sigmoid, tanh, relu }

export interface SEOptions {
  /** r: how much narrower the hidden layer is (Table 10). */
  readonly reduction?: number
  /** The least width of the hidden layer, as timm has 8. */
  readonly floor?: number
  readonly bias?: boolean
  /** Table 11. */
  readonly squeeze?: keyof typeof squeezes
  /** The non-linearity of the excitation (Table 12). */
  readonly gate?: keyof typeof gates
  /** Whether its input goes through a ReLU first, as in timm's legacy_seresnet18 and 34. */
  readonly rectify?: boolean
}

/** [N, channels, H, W] → the same shape, each channel scaled. */
export const squeezeExcite = (
  channels: number,
  {
    reduction = 16,
    floor = 1,
    bias = true,
    squeeze = 'mean',
    gate = 'sigmoid',
    rectify = false,
  }: SEOptions = {},
): Layer => {
  const hidden = Math.max(hiddenWidth(channels, reduction), floor)
  return layer(
    { fc1: conv2d(channels, hidden, 1, { bias }), fc2: conv2d(hidden, channels, 1, { bias }) },
    ({ fc1, fc2 }, x, mode) => {
      const u = rectify ? relu(x) : x
      const z = squeezes[squeeze](u)
      const s = gates[gate](fc2(relu(fc1(z))))
      return mul(u, tap(mode, 'gate', s))
    },
  )
}

/** SE as attention of a backbone. */
export const se = recalibration('se', 'standard', squeezeExcite)
