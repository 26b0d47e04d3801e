/**
 * What a backbone offers to attention, as data. A recalibration keeps the shape of what it is put
 * on, and stands at one of the positions below; a replacement takes the place of a block's spatial
 * convolution. Either is built anew, for the channels at hand, wherever it goes.
 */

import type { ConvolutionLayerOptions, Layer } from '../nn/index.ts'

/** The positions within a residual unit. */
const IN_UNIT = ['standard', 'pre', 'post', 'identity', 'inside', 'second-conv'] as const

/** The others: around single layers, or once a stage. */
export const ELSEWHERE = [
  'before-conv',
  'before-last-conv',
  'before-last-two-convs',
  'before-norm',
  'after-norm',
  'stage-end',
] as const

/**
 * Where a recalibration stands in a residual unit y = relu(F(x) + x):
 * `standard` on F's output before the addition, `pre` on F's input, `post` on y,
 * `identity` on the shortcut (after its projection, where there is one), `inside` after the
 * batch normalization of the block's spatial (first 3×3) convolution, `second-conv` between the
 * unit's second convolution and its normalization (in units that are no such sequence, as `inside`),
 * `before-conv` on the
 * input of every convolution of the network, its stem and projections included, `before-last-conv`
 * and `before-last-two-convs` on those of the unit's last one or two (GCT's lighter uses; `pre` is
 * before its first), `before-norm` and
 * `after-norm` on the input or output of every batch normalization (GCT's Table 6), and `stage-end`
 * on the output of each stage's last unit, once a stage.
 */
export const POSITIONS = [...IN_UNIT, ...ELSEWHERE] as const
/** Where a recalibration stands. */
export type Position = (typeof POSITIONS)[number]

/** An attention that keeps the shape of what it stands on. */
export interface Recalibration {
  /** Says which of the two kinds of attention this is. */
  readonly kind: 'recalibration'
  /** The block's name, which is also the key of its weights. */
  readonly name: string
  /** Where its paper puts it. */
  readonly at: Position
  /** The stages where its paper puts it, if not in all. */
  readonly stages?: readonly number[]
  /** How it is written down, as `se:reduction=8`; only what a registry can build again has it. */
  readonly spec?: string
  /** Its layer for so many channels. */
  build(channels: number): Layer
}

/**
 * The function that makes a recalibration of options.
 * @param position - where its paper puts it
 * @param layer - its layer for so many channels
 */
export const recalibration =
  <Options extends object>(
    name: string,
    position: Position,
    layer: (channels: number, options?: Options) => Layer,
  ) =>
  ({ at = position, ...options }: Partial<Options> & { at?: Position } = {}): Recalibration => ({
    kind: 'recalibration',
    name,
    at,
    build: channels => layer(channels, options as Options),
  })

/** An attention that takes the place of a block's spatial convolution. */
export interface Replacement {
  /** Tells it from a recalibration. */
  readonly kind: 'replacement'
  /** The key of its weights. */
  readonly name: string
  /** How it is written down, as `sk:branches=3+5`; only what a registry can build again has it. */
  readonly spec?: string
  /** Takes the place of convolution, batch normalization and ReLU. */
  build(channels: number, outputs: number, options: ConvolutionLayerOptions): Layer
}

/** What a backbone can plug in. */
export type Attention = Recalibration | Replacement
