/**
 * Efficient Channel Attention (Wang, Wu, Zhu, Li, Zuo, Hu: ECA-Net, arXiv:1910.03151):
 * x̃ = σ(conv1d_k(z)) · x, z the means of the channels as one sequence, zero-padded (equation 9),
 * k the odd number next to (log₂ C + b) / γ (equation 12).
 *
 * Weight names are those of the authors. An even ⌊(log₂ C + b) / γ⌋ becomes the odd
 * number above, as in timm, so that 2048 channels take 7 and ResNet-50 has 86 weights; the 80 that
 * the paper names are `kernel: 5` in all of its 16 blocks. The authors' released networks set k
 * by hand, stage by stage.
 */

import { conv1d, globalAveragePool, init, type Layer, layer, tap } from '../nn/index.ts'
import { mul, reshape, sigmoid } from '../ops/index.ts'
import { recalibration } from './attention.ts'

export interface ECAOptions {
  /** k, odd, in place of the rule. */
  readonly kernel?: number
  /** k by the number of channels, as the authors set it for each stage; others keep the rule. */
  readonly kernels?: ReadonlyMap<number, number>
  readonly gamma?: number
  readonly beta?: number
}

/** The kernel of so many channels: equation 12, at least 3. */
export const ecaKernel = (channels: number, gamma = 2, beta = 1): number => {
  const whole = Math.floor(Math.abs((Math.log2(channels) + beta) / gamma))
  return Math.max(whole % 2 === 1 ? whole : whole + 1, 3)
}

/** [N, channels, H, W] → the same shape, each channel scaled. */
export const efficientChannelAttention = (
  channels: number,
  { gamma = 2, beta = 1, kernel, kernels }: ECAOptions = {},
): Layer => {
  const k = kernels?.get(channels) ?? kernel ?? ecaKernel(channels, gamma, beta)
  return layer(
    { conv: conv1d(1, 1, k, { padding: (k - 1) / 2, initialize: init.torchDefault }) },
    ({ conv }, x, mode) => {
      const [n] = x.shape
      const z = reshape(globalAveragePool(x), [n, 1, channels])
      const gate = reshape(sigmoid(conv(z)), [n, channels, 1, 1])
      return mul(x, tap(mode, 'gate', gate))
    },
  )
}

/** ECA as attention of a backbone. */
export const eca = recalibration('eca', 'standard', efficientChannelAttention)
