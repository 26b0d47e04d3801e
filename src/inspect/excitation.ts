/**
 * Excitation by class (Hu et al.: Squeeze-and-Excitation Networks, section 7.2, Figures 6 to 8): how
 * each channel's gate stands on the images of a class, against all classes, block by block; and
 * the same for attention without gates, by what it adds, shares out, or does to each channel.
 */

import { sizeOf, type Value } from '../graph/index.ts'
import { add, div, mul, reduceMean, slice, sqrt } from '../ops/index.ts'
import { average, type Moments, moments } from '../stats/moments.ts'
import { type Tap, type TapKind, tapsOf } from './attentionTaps.ts'
import type { Observed } from './observe.ts'
import type { Measurement } from './probe.ts'

export interface ClassExcitation {
  readonly class: string
  readonly count: number
  /** By channel. */
  readonly mean: readonly number[]
  /** Over the images of the class, by channel. */
  readonly std: readonly number[]
}

/**
 * What is known of a channel: its gate, or what is added to it, mean over places where each has one;
 * the share of the branch with the largest kernel (SK), or of the first split (split attention); or,
 * of an attention that shows nothing, the root mean square of the channel after it over before it.
 */
export type ExcitationKind = TapKind

/** A block whose channels are looked at. */
export interface Gated {
  readonly path: string
  readonly kind: ExcitationKind
  readonly block: string
  readonly stage: number
  readonly channels: number
  /** That share each channel, where they do. */
  readonly branches?: number | undefined
}

export interface BlockExcitation extends Gated {
  /** Over all images, by channel. */
  readonly mean: readonly number[]
  readonly classes: readonly ClassExcitation[]
  /** Of gates, in the gate's own units: between classes and within one. */
  readonly betweenStd: number
  readonly withinStd: number
  /**
   * How class-specific the block is: the variance of the classes' means over the variance within
   * a class. 0 for gates that are the same whatever the class.
   */
  readonly specificity: number
  /** Shares of gates, over images and channels, below 0.1, above 0.9, and within 0.1 of 1. */
  readonly nearZero: number
  readonly nearOne: number
  readonly neutral: number
}

export interface ClassVariances {
  /** Of the classes' means about the mean of all, corrected for chance; averaged over channels. */
  readonly between: number
  /** About the mean of the own class; averaged over channels. */
  readonly within: number
}

/** Splits the variance of gates into what the class decides and what it does not. */
export const classVariances = (classes: readonly Moments[]): ClassVariances => {
  const seen = classes.filter(one => one.count() > 1)
  const total = seen.reduce((sum, one) => sum + one.count(), 0)
  if (seen.length === 0) return { between: 0, within: 0 }
  const means = seen.map(one => one.mean())
  const variances = seen.map(one => one.variance())
  const [weights, spare] = [seen.map(one => one.count() / total), total - seen.length]
  const [{ size }] = seen
  let [between, within] = [0, 0]
  for (let channel = 0; channel < size; channel++) {
    const grand = weights.reduce((sum, weight, k) => sum + weight * means[k][channel], 0)
    const own = seen.reduce((sum, one, k) => sum + (one.count() - 1) * variances[k][channel], 0)
    const spread = weights.reduce((sum, w, k) => sum + w * (means[k][channel] - grand) ** 2, 0)
    between += spread - (own / spare) * ((seen.length - 1) / total)
    within += own / spare
  }
  return { between: Math.max(between, 0) / size, within: within / size }
}

const SPACE = [2, 3]

/** Gates that move less than this never do, as far as float32 can tell. */
export const NO_MOVEMENT = 1e-6

/** Gathers the gates of blocks, image by image. */
export interface Gatherer {
  /** @param gates - of one image, by channel */
  add(block: number, label: number, gates: ArrayLike<number> & Iterable<number>): void
  result(): readonly BlockExcitation[]
}

export const gatherGates = (blocks: readonly Gated[], classes: readonly string[]): Gatherer => {
  const gathered = blocks.map(({ channels }) => ({
    all: moments(channels),
    classes: classes.map(() => moments(channels)),
    counts: { zero: 0, one: 0, neutral: 0, all: 0 },
  }))
  return {
    add: (block, label, gates) => {
      const { all, classes, counts } = gathered[block]
      all.add(gates)
      classes[label].add(gates)
      for (const gate of gates) {
        counts.all++
        if (gate < 0.1) counts.zero++
        if (gate > 0.9) counts.one++
        if (Math.abs(gate - 1) < 0.1) counts.neutral++
      }
    },
    result: () =>
      blocks.map((block, i) => {
        const { all, classes: own, counts } = gathered[i]
        const { between, within } = classVariances(own)
        return {
          ...block,
          mean: all.mean(),
          classes: own.map((one, k) => ({
            class: classes[k],
            count: one.count(),
            mean: one.mean(),
            std: one.variance().map(Math.sqrt),
          })),
          betweenStd: Math.sqrt(between),
          withinStd: Math.sqrt(within),
          specificity: within < NO_MOVEMENT ** 2 ? 0 : between / within,
          nearZero: counts.zero / counts.all,
          nearOne: counts.one / counts.all,
          neutral: counts.neutral / counts.all,
        }
      }),
  }
}

const flat = (gate: Value): Value =>
  sizeOf(gate.shape) === gate.shape[0] * gate.shape[1] ? gate : reduceMean(gate, SPACE)

/** [N, M, C, H, W] → one branch's [N, C]. */
const branch = (shares: Value, m: number): Value => {
  const at = (here: number): readonly number[] =>
    shares.shape.map((size, axis) => (axis === 1 ? m + here : here * size))
  return reduceMean(slice(shares, at(0), at(1)), [1, 3, 4])
}

/** A channel that is zero everywhere passes unchanged. */
const ZERO = 1e-12

const gain = (x: Value, y: Value): Value => {
  const power = (value: Value): Value => add(reduceMean(mul(value, value), SPACE), ZERO)
  return sqrt(div(power(y), power(x)))
}

/** [N, C], or with ones behind. */
const byChannel = ({ kind, value, input }: Tap): Value => {
  if (kind === 'selection') return branch(value, value.shape[1] - 1)
  if (kind === 'splits') return branch(value, 0)
  return kind === 'gain' && input !== undefined ? gain(input, value) : flat(value)
}

/** What every attention does to its channels; nothing where there is no attention. */
export const excitationOf = (
  observed: Observed,
  classes: readonly string[],
): Measurement<readonly BlockExcitation[]> => {
  const taps = tapsOf(observed).map(tap => ({
    ...tap,
    name: `excitation ${tap.path}`,
    byChannel: byChannel(tap),
  }))
  const blocks = taps.map(({ path, kind, block, stage, value, byChannel }): Gated => {
    const [, branches] = value.shape.length === 5 ? value.shape : []
    return { path, kind, block, stage, channels: byChannel.shape[1], branches }
  })
  const gathered = gatherGates(blocks, classes)
  return {
    values: Object.fromEntries(taps.map(({ name, byChannel }) => [name, byChannel])),
    add: (values, label) => {
      for (const [i, { name }] of taps.entries()) gathered.add(i, label, values[name])
    },
    result: gathered.result,
  }
}

/** The mean gate of a block over images and channels. */
export const meanGate = ({ mean }: BlockExcitation): number => average(mean)
