/** The stems of residual networks: from images to the first stage's channels. */

import { type Layer, lambda, sequential } from '../nn/index.ts'
import { maxPool, relu } from '../ops/index.ts'
import type { Sockets } from './sockets.ts'
import type { Variations } from './variations.ts'

export type Stem = NonNullable<Variations['stem']>

/** The channels that a stem gives, and its convolutions; the last one's normalization is apart. */
export const stem = (
  kind: Stem,
  channels: number,
  outputs: number,
  { convolution, normalization }: Sockets,
): Layer => {
  if (kind === 'imagenet') return convolution(channels, outputs, 7, { stride: 2, padding: 3 })
  if (kind === 'cifar') return convolution(channels, outputs, 3, { padding: 1 })
  // SENet-154's, with timm's names: 3×3 of stride 2, then two more, the last twice as wide.
  const half = outputs / 2
  return sequential(
    convolution(channels, half, 3, { stride: 2, padding: 1 }),
    normalization(half),
    lambda(relu),
    convolution(half, half, 3, { padding: 1 }),
    normalization(half),
    lambda(relu),
    convolution(half, outputs, 3, { padding: 1 }),
  )
}

/** 3×3 windows two apart; in ceil mode the last hangs over the end, as in Caffe. */
export const POOLINGS = {
  padded: (x: Parameters<typeof maxPool>[0]) => maxPool(x, { kernel: 3, stride: 2, padding: 1 }),
  ceil: (x: Parameters<typeof maxPool>[0]) => maxPool(x, { kernel: 3, stride: 2, ceilMode: true }),
} as const
