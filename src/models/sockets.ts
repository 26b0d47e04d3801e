/**
 * The sockets of residual networks, where attention goes in. Attention is an option of the
 * backbone: which, at which stages, and where in the unit.
 *
 * Stages carry the papers' numbers: 1 is the stem, k the conv{k}_x of the papers, which is
 * PyTorch's layer{k−1}.
 */

import {
  type Attention,
  ELSEWHERE,
  type Position,
  type Recalibration,
} from '../attention/attention.ts'
import type { Value } from '../graph/index.ts'
import {
  type ConvolutionLayerOptions,
  conv2d,
  type Initializer,
  type Layer,
  layer,
  type Norm,
  norm,
  sequential,
  tapEnds,
} from '../nn/index.ts'
import type { PerAxis } from '../ops/index.ts'

export interface AttentionOptions {
  readonly attention?: Attention | undefined
  /** Where a recalibration stands, if not where its paper puts it. */
  readonly at?: Position | undefined
  /** The stages that get it; those of its paper unless given, which are mostly all. */
  readonly stages?: readonly number[] | undefined
  /** What normalizes; the batch unless given. */
  readonly norm?: Norm
  /** The same as a function, in place of the name. */
  readonly normalize?: ((channels: number) => Layer) | undefined
}

type Elsewhere = (typeof ELSEWHERE)[number]

/** How many of a branch's last convolutions are preceded. */
const LAST: Readonly<Record<string, number>> = { 'before-last-conv': 1, 'before-last-two-convs': 2 }

/** A position within a unit. */
type UnitPosition = Exclude<Position, Elsewhere>

type Children = Readonly<Record<string, unknown>>

/** A unit's recalibration: a child under the attention's name, and its use at one position. */
export interface Recalibrated {
  readonly children: Readonly<Record<string, Layer>>
  /** Given the unit's bound children: recalibrates where the attention stands, else passes on. */
  bind(children: Children): (position: UnitPosition, x: Value) => Value
}

export interface Sockets {
  /**
   * The recalibration of a unit that takes and gives so many channels.
   * @param own - the channels at other positions than before it, where they are not what it gives
   */
  unit(
    channels: number,
    outputs: number,
    own?: Partial<Readonly<Record<UnitPosition, number>>>,
  ): Recalibrated
  /** The units of the stage one after the other, with what stands at their end. */
  stage(units: readonly Layer[], outputs: number): Layer
  /** A convolution, with what stands before it; of a unit's branch, `following` come after it. */
  convolution(
    channels: number,
    outputs: number,
    kernel: PerAxis,
    options?: ConvolutionLayerOptions,
    following?: number,
  ): Layer
  /** A normalization, with what stands before or after it. */
  normalization(channels: number): Layer
  /** A projection shortcut: a convolution, with what stands before it, and its normalization. */
  projection(channels: number, outputs: number, stride: number, kernel?: 1 | 3): Layer
  /** What replaces a block's spatial convolution, its normalization and ReLU, if anything. */
  replacement(
    channels: number,
    outputs: number,
    options: ConvolutionLayerOptions,
  ): Layer | undefined
}

const isElsewhere = (position: Position): position is Elsewhere =>
  ELSEWHERE.some(elsewhere => elsewhere === position)

/** The sockets of one stage. */
export const sockets = (
  {
    attention,
    at,
    stages,
    norm: kind = 'batch',
    normalize = channels => norm(kind, channels),
  }: AttentionOptions,
  stage: number,
  initialize: Initializer,
): Sockets => {
  const chosen = stages ?? (attention?.kind === 'recalibration' ? attention.stages : undefined)
  const plugged = chosen === undefined || chosen.includes(stage) ? attention : undefined
  const recalibration = plugged?.kind === 'recalibration' ? plugged : undefined
  const position = at ?? recalibration?.at
  const marked = (layer: Layer): Layer => ({ ...layer, role: plugged?.name ?? '' })
  const recalibrate = ({ build }: Recalibration, channels: number): Layer =>
    marked(tapEnds(build(channels)))
  const precedes = (following: number): boolean =>
    position === 'before-conv' || following < (LAST[position ?? ''] ?? 0)
  const preceded = (
    channels: number,
    layers: readonly Layer[],
    following = Number.POSITIVE_INFINITY,
  ): Layer => {
    if (recalibration === undefined || !precedes(following))
      return layers.length === 1 ? layers[0] : sequential(...layers)
    // The layers move up by one, but begin as they do without what stands before them.
    const names = layers.map((_, i) => [`${i + 1}`, layers.length === 1 ? '' : `${i}`] as const)
    return {
      ...sequential(recalibrate(recalibration, channels), ...layers),
      seedNames: { 0: recalibration.name, ...Object.fromEntries(names) },
    }
  }
  const normalized = (channels: number): readonly Layer[] => {
    const own = normalize(channels)
    if (recalibration === undefined) return [own]
    if (position === 'before-norm') return [recalibrate(recalibration, channels), own]
    if (position === 'after-norm') return [own, recalibrate(recalibration, channels)]
    return [own]
  }
  return {
    unit: (channels, outputs, own = {}) => {
      if (recalibration === undefined || position === undefined || isElsewhere(position))
        return { children: {}, bind: () => (_, x) => x }
      const { name } = recalibration
      const place = position === 'second-conv' && own[position] === undefined ? 'inside' : position
      const width = own[place] ?? (place === 'pre' ? channels : outputs)
      return {
        children: { [name]: recalibrate(recalibration, width) },
        bind: children => {
          const layer = children[name] as (x: Value) => Value
          return (here, x) => (here === place ? layer(x) : x)
        },
      }
    },
    stage: (units, outputs) => {
      if (recalibration === undefined || position !== 'stage-end') return sequential(...units)
      const { name } = recalibration
      return layer(
        { ...Object.fromEntries(units.entries()), [name]: recalibrate(recalibration, outputs) },
        (children, x) => children[name](units.reduce((y, _, i) => children[i](y), x)),
      )
    },
    normalization: channels => {
      const all = normalized(channels)
      return all.length === 1 ? all[0] : sequential(...all)
    },
    convolution: (channels, outputs, kernel, options, following) =>
      preceded(
        channels,
        [conv2d(channels, outputs, kernel, { initialize, ...options })],
        following,
      ),
    projection: (channels, outputs, stride, kernel = 1) =>
      preceded(channels, [
        conv2d(channels, outputs, kernel, { stride, padding: (kernel - 1) / 2, initialize }),
        ...normalized(outputs),
      ]),
    replacement: (channels, outputs, options) =>
      plugged?.kind === 'replacement'
        ? marked(plugged.build(channels, outputs, { initialize, ...options }))
        : undefined,
  }
}
