/**
 * Gated Channel Transformation (Yang, Zhu, Wu, Yang: Gated Channel Transformation for Visual
 * Recognition, CVPR 2020): x̂_c = x_c · [1 + tanh(γ_c ŝ_c + β_c)], with the embedding
 * s_c = α_c (Σ x_c² + ε)^½ and its normalization over channels ŝ_c = s_c / (mean_c s_c² + ε)^½.
 *
 * Difference from equation 3: ε is added to the mean over channels, as in the authors' code, which
 * is ε·C in the paper's form; √C is absorbed in the mean. With α = 1 and γ = β = 0 at the start,
 * the block begins as identity.
 *
 * Of Table 6's other rows the paper gives no formula; here l∞ embeds by the largest magnitude, mean
 * and variance normalize to (s − mean) / √(variance + ε), and the sigmoid gates as it is, without a
 * factor: it begins by halving.
 */

import type { Value } from '../graph/index.ts'
import { init, type Layer, layer, parameter, tap } from '../nn/index.ts'
import {
  abs,
  add,
  div,
  elu,
  mul,
  reduceMax,
  reduceMean,
  reduceSum,
  reduceSumSquare,
  sigmoid,
  sqrt,
  sub,
  tanh,
} from '../ops/index.ts'
import { recalibration } from './attention.ts'

const SPACE = [2, 3]
const CHANNELS = [1]
const keep = { keepDims: true }

type Norm = 'l2' | 'l1'

export interface GCTOptions {
  /** The norm of both embedding and normalization, as in the authors' code. */
  readonly norm?: Norm
  /** The norm that embeds a channel, if it is another (Table 6). */
  readonly embedding?: Norm | 'linf'
  /** What the embeddings are normalized by over channels, if it is another (Table 6). */
  readonly normalization?: Norm | 'meanvar'
  /** 1 + tanh, a plain sigmoid, or 1 + ELU (Table 6). */
  readonly gate?: keyof typeof gates
  /** For l1 and linf: the input comes from a ReLU, so its absolute value needs no computing. */
  readonly afterRelu?: boolean
  readonly epsilon?: number
}

type Embedding = Pick<Required<GCTOptions>, 'epsilon' | 'afterRelu'>

const embeddings = {
  l2: (x: Value, { epsilon }: Embedding) => sqrt(add(reduceSumSquare(x, SPACE, keep), epsilon)),
  l1: (x: Value, { afterRelu }: Embedding) => reduceSum(afterRelu ? x : abs(x), SPACE, keep),
  linf: (x: Value, { afterRelu }: Embedding) => reduceMax(afterRelu ? x : abs(x), SPACE, keep),
}

const rootMeanSquare = (s: Value, epsilon: number): Value =>
  sqrt(add(reduceMean(mul(s, s), CHANNELS, keep), epsilon))

const normalizations = {
  l2: (s: Value, epsilon: number) => div(s, rootMeanSquare(s, epsilon)),
  l1: (s: Value, epsilon: number) => div(s, add(reduceMean(abs(s), CHANNELS, keep), epsilon)),
  meanvar: (s: Value, epsilon: number) => {
    const centered = sub(s, reduceMean(s, CHANNELS, keep))
    return div(centered, rootMeanSquare(centered, epsilon))
  },
}

const gates = {
  tanh: (x: Value) => add(1, tanh(x)),
  sigmoid,
  elu: (x: Value) => add(1, elu(x)),
}

/** [N, channels, H, W] → the same shape, each channel gated. */
export const gatedChannelTransformation = (
  channels: number,
  {
    norm = 'l2',
    embedding = norm,
    normalization = norm,
    gate = 'tanh',
    afterRelu = false,
    epsilon = 1e-5,
  }: GCTOptions = {},
): Layer => {
  const perChannel = [1, channels, 1, 1]
  return layer(
    {
      alpha: parameter(perChannel, init.constant(1)),
      gamma: parameter(perChannel, init.constant(0)),
      beta: parameter(perChannel, init.constant(0)),
    },
    ({ alpha, gamma, beta }, x, mode) => {
      const s = mul(alpha, embeddings[embedding](x, { afterRelu, epsilon }))
      const normalized = normalizations[normalization](s, epsilon)
      const opened = gates[gate](add(mul(gamma, normalized), beta))
      return mul(x, tap(mode, 'gate', opened))
    },
  )
}

/** GCT as attention of a backbone: before every convolution, as in the paper (section 3.4). */
export const gct = recalibration('gct', 'before-conv', gatedChannelTransformation)
