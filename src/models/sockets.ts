/**
 * The sockets of residual networks, where attention goes in. Attention is an option of the
 * backbone: which, at which stages, and where in the unit.
 *
 * Stages carry the papers' numbers: 1 is the stem, k the conv{k}_x of the papers, which is
 * PyTorch's layer{k−1}.
 */

import type { Attention, Position } from '../attention/attention.ts'
import type { Value } from '../graph/index.ts'
import {
  batchNorm2d,
  type ConvolutionLayerOptions,
  conv2d,
  type Initialiser,
  type Layer,
  sequential,
} from '../nn/index.ts'

export interface AttentionOptions {
  readonly attention?: Attention | undefined
  /** Where a recalibration stands, if not where its paper puts it. */
  readonly at?: Position | undefined
  /** The stages that get it; all unless given. */
  readonly stages?: readonly number[] | undefined
}

/** The channels at each position of a unit that is not in front of a convolution. */
export type UnitChannels = Readonly<Record<Exclude<Position, 'before-conv'>, number>>

type Children = Readonly<Record<string, unknown>>

/** A unit's recalibration: a child under the attention's name, and its use at one position. */
export interface Recalibrated {
  readonly children: Readonly<Record<string, Layer>>
  /** Given the unit's bound children: recalibrates where the attention stands, else passes on. */
  bind(children: Children): (position: keyof UnitChannels, x: Value) => Value
}

export interface Sockets {
  unit(channels: UnitChannels): Recalibrated
  /** A convolution, with what stands before it. */
  convolution(
    channels: number,
    outputs: number,
    kernel: number,
    options?: ConvolutionLayerOptions,
  ): Layer
  /** A projection shortcut: a 1×1 convolution, with what stands before it, and its normalisation. */
  projection(channels: number, outputs: number, stride: number): Layer
  /** What replaces a block's spatial convolution, its normalisation and ReLU, if anything. */
  replacement(
    channels: number,
    outputs: number,
    options: ConvolutionLayerOptions,
  ): Layer | undefined
}

/** The sockets of one stage. */
export const sockets = (
  { attention, at, stages }: AttentionOptions,
  stage: number,
  initialise: Initialiser,
): Sockets => {
  const plugged = stages === undefined || stages.includes(stage) ? attention : undefined
  const recalibration = plugged?.kind === 'recalibration' ? plugged : undefined
  const position = at ?? recalibration?.at
  const marked = (layer: Layer): Layer => ({ ...layer, part: plugged?.name ?? '' })
  const preceded = (channels: number, ...layers: readonly Layer[]): Layer => {
    const before = position === 'before-conv' ? recalibration : undefined
    const all = before === undefined ? layers : [marked(before.build(channels)), ...layers]
    return all.length === 1 ? all[0] : sequential(...all)
  }
  return {
    unit: channels => {
      if (recalibration === undefined || position === undefined || position === 'before-conv')
        return { children: {}, bind: () => (_, x) => x }
      const { name } = recalibration
      return {
        children: { [name]: marked(recalibration.build(channels[position])) },
        bind: children => {
          const recalibrate = children[name] as (x: Value) => Value
          return (here, x) => (here === position ? recalibrate(x) : x)
        },
      }
    },
    convolution: (channels, outputs, kernel, options) =>
      preceded(channels, conv2d(channels, outputs, kernel, { initialise, ...options })),
    projection: (channels, outputs, stride) =>
      preceded(
        channels,
        conv2d(channels, outputs, 1, { stride, initialise }),
        batchNorm2d(outputs),
      ),
    replacement: (channels, outputs, options) =>
      plugged?.kind === 'replacement'
        ? marked(plugged.build(channels, outputs, { initialise, ...options }))
        : undefined,
  }
}
