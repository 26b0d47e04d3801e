/** What a dataset is to the rest of Excite: labeled images, read one by one. */

import type { BadImageReport } from './folder/bad.ts'
import type { ChooseWindow } from './images.ts'
import type { Preparation } from './prepare.ts'

export type Split = 'train' | 'test'

export interface Dataset {
  readonly name: string
  readonly split: Split
  /** Their order is that of the labels. */
  readonly classes: readonly string[]
  readonly shape: readonly [channels: number, height: number, width: number]
  /** One an image. */
  readonly labels: Int32Array
  /** The pixels of an image: planar C×H×W, 0 to 255. Not to be changed by the reader. */
  read(index: number): Uint8Array | Promise<Uint8Array>
  /** Whether reading costs nothing. */
  readonly inMemory?: boolean
  /** A part of an image that is larger than `shape`, resized to it. */
  readWindow?(index: number, choose: ChooseWindow): Promise<Uint8Array>
  /** Prepares images away from this thread: the same numbers as reading and augmenting them. */
  prepare?(indices: Uint32Array, preparation: Preparation): Promise<Float32Array>
  /** Of evaluation: the network's size over the resized image's shorter side. */
  readonly cropPct?: number
  /** A hash of which images these are, where the name does not say it. */
  readonly fingerprint?: string
  /** Ends what reading has started, such as threads; nothing is read afterwards. */
  close?(): Promise<void>
  /** What could not be decoded and was left out or replaced, where that was asked for. */
  readonly bad?: BadImageReport
}

/** Per channel, of pixels scaled to 0 … 1; the network sees (pixel − mean) / std. */
export interface Normalization {
  readonly mean: readonly number[]
  readonly std: readonly number[]
}

/** Of images that are decoded or painted: more would take longer than the last digits are worth. */
const SAMPLED = 2000
/** How many are read at a time, where reading takes other threads. */
const TOGETHER = 32

/**
 * Mean and std of each channel over all images that lie in memory; over 2000 of others,
 * spread evenly over the set, which is within a hundredth of all and the same every time.
 */
export const measureNormalization = async (dataset: Dataset): Promise<Normalization> => {
  const [channels, height, width] = dataset.shape
  const plane = height * width
  const { length } = dataset.labels
  const count = dataset.inMemory ? length : Math.min(length, SAMPLED)
  // How often each channel has each value: exact, and no arithmetic for a pixel.
  const times = Array.from({ length: channels }, () => new Float64Array(256))
  for (let first = 0; first < count; first += TOGETHER) {
    const some = Array.from({ length: Math.min(TOGETHER, count - first) }, (_, i) =>
      dataset.read(Math.floor(((first + i) * length) / count)),
    )
    for (const pixels of await Promise.all(some))
      for (const [channel, counts] of times.entries())
        for (let at = channel * plane; at < (channel + 1) * plane; at++) counts[pixels[at]]++
  }
  const moment = (counts: Float64Array, power: number): number =>
    counts.reduce((sum, times, value) => sum + times * (value / 255) ** power, 0) / (count * plane)
  const rounded = (value: number): number => Math.round(value * 1e4) / 1e4
  const mean = times.map(counts => moment(counts, 1))
  return {
    mean: mean.map(rounded),
    std: times.map((counts, channel) =>
      Math.max(rounded(Math.sqrt(Math.max(moment(counts, 2) - mean[channel] ** 2, 0))), 1e-4),
    ),
  }
}
