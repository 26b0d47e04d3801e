/**
 * Global Context block (Cao, Xu, Lin, Wei, Hu: GCNet, arXiv:1904.11492, equation 5): context
 * modelling c = Σ_j softmax_j(w · x_j) x_j, transform t = W₂ ReLU(LN(W₁ c)), fusion x + t.
 *
 * Weight names are those of the authors' code, whose other choices are options: the mean as context,
 * and fusion x · σ(t). Its last convolution begins as 0, so that the block begins as identity.
 */

import { sizeOf, type Value } from '../graph/index.ts'
import { conv2d, globalAveragePool, init, type Layer, layer, parameter, tap } from '../nn/index.ts'
import {
  add,
  layerNormalization,
  matmul,
  mul,
  relu,
  reshape,
  sigmoid,
  softmax,
} from '../ops/index.ts'
import { recalibration } from './attention.ts'
import { hiddenWidth } from './hidden.ts'

/** What becomes of t, the name of its tap, and how x takes it. */
const fusions = {
  add: { name: 'addition', of: (t: Value) => t, fuse: add },
  mul: { name: 'gate', of: sigmoid, fuse: mul },
}

export interface GCOptions {
  readonly reduction?: number
  /** How the context comes from all places: by attention to them, or as their mean. */
  readonly pooling?: 'attention' | 'mean'
  readonly fusion?: keyof typeof fusions
}

/** PyTorch's LayerNorm([features, 1, 1]) of [N, features, 1, 1]. */
const layerNorm = (features: number): Layer => {
  const shape = [features, 1, 1]
  return layer(
    { weight: parameter(shape, init.constant(1)), bias: parameter(shape, init.constant(0)) },
    ({ weight, bias }, x) => {
      const [scale, shift] = [weight, bias].map(vector => reshape(vector, [features]))
      return reshape(layerNormalization(reshape(x, [-1, features]), scale, shift), x.shape)
    },
  )
}

/** The authors' Sequential, whose 2 is the ReLU. */
const transform = (channels: number, hidden: number): Layer =>
  layer(
    {
      '0': conv2d(channels, hidden, 1, { bias: true, initialize: init.heNormal }),
      '1': layerNorm(hidden),
      '3': conv2d(hidden, channels, 1, { bias: init.constant(0), initialize: init.constant(0) }),
    },
    (t, context) => t['3'](relu(t['1'](t['0'](context)))),
  )

/** Σ_j softmax_j(mask_j) x_j: [N, C, H, W] → [N, C, 1, 1]. */
const attend = (x: Value, mask: Value): Value => {
  const [n, channels, ...space] = x.shape
  const pixels = sizeOf(space)
  const weights = softmax(reshape(mask, [n, pixels, 1]), 1)
  return reshape(matmul(reshape(x, [n, channels, pixels]), weights), [n, channels, 1, 1])
}

/** [N, channels, H, W] → the same shape, with what the whole image says of each channel. */
export const globalContext = (
  channels: number,
  { reduction = 16, pooling = 'attention', fusion = 'add' }: GCOptions = {},
): Layer => {
  const change = transform(channels, hiddenWidth(channels, reduction))
  const fanIn = init.normal(Math.sqrt(2 / channels))
  return layer(
    {
      conv_mask:
        pooling === 'attention'
          ? conv2d(channels, 1, 1, { bias: init.constant(0), initialize: fanIn })
          : undefined,
      [`channel_${fusion}_conv`]: change,
    },
    ({ conv_mask, ...changes }, x, mode) => {
      const mask = conv_mask as ((x: Value) => Value) | undefined
      const [t] = Object.values(changes) as ((x: Value) => Value)[]
      const { name, of, fuse } = fusions[fusion]
      const change = of(t(mask ? attend(x, mask(x)) : globalAveragePool(x)))
      return fuse(x, tap(mode, name, change))
    },
  )
}

/** GC as attention of a backbone. */
export const gc = recalibration('gc', 'standard', globalContext)
