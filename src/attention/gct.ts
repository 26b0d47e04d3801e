/**
 * Gated Channel Transformation (Yang, Zhu, Wu, Yang: Gated Channel Transformation for Visual
 * Recognition, CVPR 2020): x̂_c = x_c · [1 + tanh(γ_c ŝ_c + β_c)], with the embedding
 * s_c = α_c (Σ x_c² + ε)^½ and its normalisation over channels ŝ_c = s_c / (mean_c s_c² + ε)^½.
 *
 * Difference from equation 3: ε is added to the mean over channels, as in the authors' code, which
 * is ε·C in the paper's form; √C is absorbed in the mean. With α = 1 and γ = β = 0 at the start,
 * the block begins as identity.
 */

import type { Value } from '../graph/index.ts'
import { constantly, type Layer, layer, parameter } from '../nn/index.ts'
import {
  abs,
  add,
  div,
  mul,
  reduceMean,
  reduceSum,
  reduceSumSquare,
  sqrt,
  tanh,
} from '../ops/index.ts'
import type { Position, Recalibration } from './attention.ts'

const SPACE = [2, 3]
const CHANNELS = [1]
const keep = { keepDims: true }

export interface GCTOptions {
  /** The norm that embeds a channel and normalises over channels (Table 6). */
  readonly norm?: 'l2' | 'l1'
  /** For l1: the input comes from a ReLU, so its absolute value needs no computing. */
  readonly afterRelu?: boolean
  readonly epsilon?: number
}

const embeddings = {
  l2: (x: Value, { epsilon }: Required<GCTOptions>) =>
    sqrt(add(reduceSumSquare(x, SPACE, keep), epsilon)),
  l1: (x: Value, { afterRelu }: Required<GCTOptions>) =>
    reduceSum(afterRelu ? x : abs(x), SPACE, keep),
}
const magnitudes = {
  l2: (s: Value, epsilon: number) => sqrt(add(reduceMean(mul(s, s), CHANNELS, keep), epsilon)),
  l1: (s: Value, epsilon: number) => add(reduceMean(abs(s), CHANNELS, keep), epsilon),
}

/** [N, channels, H, W] → the same shape, each channel gated by 1 + tanh. */
export const gatedChannelTransformation = (
  channels: number,
  { norm = 'l2', afterRelu = false, epsilon = 1e-5 }: GCTOptions = {},
): Layer => {
  const perChannel = [1, channels, 1, 1]
  return layer(
    {
      alpha: parameter(perChannel, constantly(1)),
      gamma: parameter(perChannel, constantly(0)),
      beta: parameter(perChannel, constantly(0)),
    },
    ({ alpha, gamma, beta }, x, mode) => {
      const s = mul(alpha, embeddings[norm](x, { norm, afterRelu, epsilon }))
      const normalised = div(s, magnitudes[norm](s, epsilon))
      const gate = add(1, tanh(add(mul(gamma, normalised), beta)))
      const y = mul(x, gate)
      mode.observe?.('input', x)
      mode.observe?.('gate', gate)
      mode.observe?.('output', y)
      return y
    },
  )
}

/** GCT as attention of a backbone: before every convolution, as in the paper (section 3.4). */
export const gct = ({
  at = 'before-conv',
  ...options
}: GCTOptions & { at?: Position } = {}): Recalibration => ({
  kind: 'recalibration',
  name: 'gct',
  at,
  build: channels => gatedChannelTransformation(channels, options),
})
