/**
 * Split attention (Zhang et al.: ResNeSt: Split-Attention Networks, arXiv:2004.08955, section 3):
 * one convolution makes R splits U_r of each of K cardinal groups; s is the mean of ΣU_r over space,
 * a the softmax over splits of G(s), two grouped fully connected layers with batch normalization and
 * ReLU between, and V = Σ a_r · U_r (equations 1 to 3).
 *
 * As in the authors' SplAtConv2d, whose weight names these are: the convolution has K·R groups, the
 * fully connected layers are 1×1 convolutions of K groups with biases, their hidden width is R/4 of
 * the incoming channels and at least 32, and one split alone has a sigmoid. K is the group count of
 * the convolution that is replaced. With `avd` a stride is a 3×3 average pool behind the block, as
 * in ResNeSt. Where K·R does not divide the channels, as at 3 of them, the convolution cannot be
 * built and says so.
 */

import type { Value } from '../graph/index.ts'
import {
  batchNorm2d,
  type ConvolutionLayerOptions,
  conv2d,
  globalAveragePool,
  init,
  type Layer,
  layer,
  tap,
} from '../nn/index.ts'
import {
  add,
  averagePool,
  mul,
  relu,
  reshape,
  sigmoid,
  softmax,
  split,
  transpose,
} from '../ops/index.ts'
import type { Replacement } from './attention.ts'

export interface SplitAttentionOptions {
  /** R: how many splits. */
  readonly radix?: number
  readonly reduction?: number
  /** The least hidden width. */
  readonly floor?: number
  /** Whether a stride is an average pool after the block, not a stride of its convolution. */
  readonly avd?: boolean
}

const sum = (values: readonly Value[]): Value => values.reduce((total, value) => add(total, value))

/** a: [N, K·R·C/K, 1, 1], cardinal groups outermost → the same, splits outermost, softmaxed over them. */
const overSplits = (logits: Value, cardinality: number, radix: number): Value => {
  if (radix === 1) return sigmoid(logits)
  const { shape } = logits
  const grouped = reshape(logits, [shape[0], cardinality, radix, -1])
  return reshape(softmax(transpose(grouped, [0, 2, 1, 3]), 1), shape)
}

/** [N, channels, H, W] → [N, outputs, H′, W′]. */
export const splitAttention = (
  channels: number,
  outputs: number,
  { stride = 1, group = 1, initialize = init.heNormal }: ConvolutionLayerOptions = {},
  { radix = 2, reduction = 4, floor = 32, avd = false }: SplitAttentionOptions = {},
): Layer => {
  const hidden = Math.max(Math.floor((channels * radix) / reduction), floor)
  const fullyConnected = { group, bias: true }
  return layer(
    {
      conv: conv2d(channels, outputs * radix, 3, {
        stride: avd ? 1 : stride,
        padding: 1,
        group: group * radix,
        initialize,
      }),
      bn0: batchNorm2d(outputs * radix),
      fc1: conv2d(outputs, hidden, 1, fullyConnected),
      bn1: batchNorm2d(hidden),
      fc2: conv2d(hidden, outputs * radix, 1, fullyConnected),
    },
    ({ conv, bn0, fc1, bn1, fc2 }, x, mode) => {
      const sizes = new Array<number>(radix).fill(outputs)
      const splits = split(relu(bn0(conv(x))), sizes, 1)
      // The mean of a sum is the sum of means: one full-size addition less.
      const s = sum(splits.map(globalAveragePool))
      const a = overSplits(fc2(relu(bn1(fc1(s)))), group, radix)
      const shares = radix === 1 ? a : reshape(a, [x.shape[0], radix, outputs, 1, 1])
      const used = tap(mode, radix === 1 ? 'gate' : 'splits', shares)
      const weights = split(used === shares ? a : reshape(used, a.shape), sizes, 1)
      const v = sum(splits.map((u, r) => mul(u, weights[r])))
      return avd && stride !== 1 ? averagePool(v, { kernel: 3, stride, padding: 1 }) : v
    },
  )
}

/** Split attention as attention of a backbone: in place of a block's spatial convolution. */
export const splat = (options: SplitAttentionOptions = {}): Replacement => ({
  kind: 'replacement',
  name: 'splat',
  build: (channels, outputs, convolution) =>
    splitAttention(channels, outputs, convolution, options),
})
