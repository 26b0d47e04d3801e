/** Mean and standard deviation of each channel, by which pixels are normalized. */

import type { PixelSource } from './image.ts'

/** Per channel, of pixels scaled to 0 … 1; the network sees (pixel − mean) / std. */
export interface Normalization {
  /** One a channel, of pixels in 0…1. */
  readonly mean: readonly number[]
  /** One a channel, of pixels in 0…1. */
  readonly std: readonly number[]
}

/** How many images are read where reading costs: more would take longer than the last digits are worth. */
const SAMPLE = 2000
/** How many are read at a time, where reading takes other threads. */
const READ_BATCH = 32
/** The smallest std, for images of one color. */
const LEAST_STD = 1e-4

/**
 * Mean and std of each channel over all images that lie in memory; over 2000 of others,
 * spread evenly over the set, which is within a hundredth of all and the same every time.
 */
export const measureNormalization = async ({
  shape: [channels, height, width],
  labels: { length },
  inMemory = false,
  read,
}: PixelSource & {
  readonly labels: Int32Array
  readonly inMemory?: boolean | undefined
}): Promise<Normalization> => {
  const plane = height * width
  const count = inMemory ? length : Math.min(length, SAMPLE)
  // How often each channel has each value: exact, and no arithmetic for a pixel.
  const times = Array.from({ length: channels }, () => new Float64Array(256))
  for (let first = 0; first < count; first += READ_BATCH) {
    const some = Array.from({ length: Math.min(READ_BATCH, count - first) }, (_, i) =>
      read(Math.floor(((first + i) * length) / count)),
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
      Math.max(rounded(Math.sqrt(Math.max(moment(counts, 2) - mean[channel] ** 2, 0))), LEAST_STD),
    ),
  }
}
