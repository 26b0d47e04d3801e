/**
 * What a backbone offers to attention, as data. A recalibration keeps the shape of what it is put
 * on, and stands at one of six positions; a replacement takes the place of a block's spatial
 * convolution. Either is built anew, for the channels at hand, wherever it goes.
 */

import type { ConvolutionLayerOptions, Layer } from '../nn/index.ts'

/**
 * Where a recalibration stands in a residual unit y = relu(F(x) + x):
 * `standard` on F's output before the addition, `pre` on F's input, `post` on y,
 * `identity` on the shortcut (after its projection, where there is one), `inside` after the
 * batch normalisation of the block's spatial (first 3×3) convolution, and `before-conv` on the
 * input of every convolution of the network, its stem and projections included.
 */
export const POSITIONS = ['standard', 'pre', 'post', 'identity', 'inside', 'before-conv'] as const
export type Position = (typeof POSITIONS)[number]

export interface Recalibration {
  readonly kind: 'recalibration'
  /** The block's name, which is also the key of its weights. */
  readonly name: string
  /** Where its paper puts it. */
  readonly at: Position
  build(channels: number): Layer
}

export interface Replacement {
  readonly kind: 'replacement'
  readonly name: string
  /** Takes the place of convolution, batch normalisation and ReLU. */
  build(channels: number, outputs: number, options: ConvolutionLayerOptions): Layer
}

export type Attention = Recalibration | Replacement
