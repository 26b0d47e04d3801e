/** What a dataset is to the rest of Excite: labelled pictures, read one by one. */

import type { BadPictures } from './folder/bad.ts'
import type { ChooseWindow } from './pictures.ts'
import type { Preparation } from './prepare.ts'

export type Split = 'train' | 'test'

export interface Dataset {
  readonly name: string
  readonly split: Split
  /** Their order is that of the labels. */
  readonly classes: readonly string[]
  readonly shape: readonly [channels: number, height: number, width: number]
  /** One a picture. */
  readonly labels: Int32Array
  /** The pixels of a picture: planar C×H×W, 0 to 255. Not to be changed by the reader. */
  read(index: number): Uint8Array | Promise<Uint8Array>
  /** A part of a picture that is larger than `shape`, resized to it. */
  readWindow?(index: number, choose: ChooseWindow): Promise<Uint8Array>
  /** Prepares pictures away from this thread: the same numbers as reading and augmenting them. */
  prepare?(indices: Uint32Array, preparation: Preparation): Promise<Float32Array>
  /** Of evaluation: the network's size over the resized picture's shorter side. */
  readonly cropPct?: number
  /** A hash of which pictures these are, where the name does not say it. */
  readonly fingerprint?: string
  /** What could not be decoded and was left out or replaced, where that was asked for. */
  readonly bad?: BadPictures
}

/** Per channel, of pixels scaled to 0 … 1; the network sees (pixel − mean) / deviation. */
export interface Normalization {
  readonly mean: readonly number[]
  readonly deviation: readonly number[]
}

const SAMPLED = 2000
/** How many are read at a time, where reading takes other threads. */
const TOGETHER = 32

/**
 * Mean and deviation of each channel over up to 2000 pictures, spread evenly over the set: within
 * a hundredth of those of all, and the same every time.
 */
export const measureNormalization = async (dataset: Dataset): Promise<Normalization> => {
  const [channels, height, width] = dataset.shape
  const plane = height * width
  const sum = new Float64Array(channels)
  const square = new Float64Array(channels)
  const count = Math.min(dataset.labels.length, SAMPLED)
  const indices = Array.from({ length: count }, (_, i) =>
    Math.floor((i * dataset.labels.length) / count),
  )
  for (let first = 0; first < count; first += TOGETHER) {
    const some = indices.slice(first, first + TOGETHER)
    for (const pixels of await Promise.all(some.map(index => dataset.read(index))))
      for (const [offset, pixel] of pixels.entries()) {
        const channel = Math.floor(offset / plane)
        sum[channel] += pixel / 255
        square[channel] += (pixel / 255) ** 2
      }
  }
  const rounded = (value: number): number => Math.round(value * 1e4) / 1e4
  const mean = sum.map(total => total / (count * plane))
  return {
    mean: [...mean].map(rounded),
    deviation: [...square].map((total, channel) =>
      Math.max(rounded(Math.sqrt(Math.max(total / (count * plane) - mean[channel] ** 2, 0))), 1e-4),
    ),
  }
}
