/**
 * Convolutional Block Attention Module (Woo, Park, Lee, Kweon, arXiv:1807.06521): channels first,
 * F′ = σ(MLP(avg F) + MLP(max F)) · F, then places, F″ = σ(conv₇ₓ₇[max F′; mean F′]) · F′
 * (equations 1 to 3).
 *
 * As in the authors' code, whose weight names these are: the shared MLP has biases, and a batch
 * normalization of momentum 0.01 follows the 7×7 convolution, which the paper does not mention.
 */

import { batchNorm2d, conv2d, flatten, type Layer, layer, linear, tap } from '../nn/index.ts'
import { add, concat, mul, reduceMax, reduceMean, relu, reshape, sigmoid } from '../ops/index.ts'
import { recalibration } from './attention.ts'
import { hiddenWidth } from './hidden.ts'

const SPACE = [2, 3]
const CHANNELS = [1]
const keep = { keepDims: true }

export interface CBAMOptions {
  readonly reduction?: number
  /** Whether attention over places follows that over channels (Table 3). */
  readonly spatial?: boolean
  /** Of the convolution over places, odd (Table 2). */
  readonly kernel?: number
}

const channelGate = (channels: number, reduction: number): Layer => {
  const hidden = hiddenWidth(channels, reduction)
  // The authors' Sequential: 0 flattens, 2 is the ReLU.
  const mlp = layer({ '1': linear(channels, hidden), '3': linear(hidden, channels) }, (fc, z) =>
    fc['3'](relu(fc['1'](flatten(z)))),
  )
  return layer({ mlp }, ({ mlp }, x) => {
    const average = mlp(reduceMean(x, SPACE, keep))
    const maximum = mlp(reduceMax(x, SPACE, keep))
    return reshape(sigmoid(add(average, maximum)), [x.shape[0], channels, 1, 1])
  })
}

const spatialGate = (kernel: number): Layer => {
  const spatial = layer(
    {
      conv: conv2d(2, 1, kernel, { padding: (kernel - 1) / 2 }),
      bn: batchNorm2d(1, { momentum: 0.01 }),
    },
    ({ conv, bn }, x) => bn(conv(x)),
  )
  return layer({ spatial }, ({ spatial }, x) => {
    const both = concat([reduceMax(x, CHANNELS, keep), reduceMean(x, CHANNELS, keep)], 1)
    return sigmoid(spatial(both))
  })
}

/** [N, channels, H, W] → the same shape, each channel and then each place scaled. */
export const convolutionalBlockAttention = (
  channels: number,
  { reduction = 16, spatial = true, kernel = 7 }: CBAMOptions = {},
): Layer =>
  layer(
    {
      ChannelGate: channelGate(channels, reduction),
      SpatialGate: spatial ? spatialGate(kernel) : undefined,
    },
    ({ ChannelGate, SpatialGate }, x, mode) => {
      const channel = ChannelGate(x)
      const y = mul(x, channel)
      const place = SpatialGate?.(y)
      const gate = place ? mul(channel, place) : channel
      const used = tap(mode, 'gate', gate)
      if (used !== gate) return mul(x, used)
      return place ? mul(y, place) : y
    },
  )

/** CBAM as attention of a backbone. */
export const cbam = recalibration('cbam', 'standard', convolutionalBlockAttention)
