/** Images in the shape and order of channels that a foreign model takes: from a dataset, or files. */

import { resize } from '../data/augment/resize.ts'
import { type Dataset, pixelDataset } from '../data/dataset.ts'
import { readImage } from '../data/decode/openImage.ts'
import type { Preprocessing } from './preprocessing.ts'

/** The share of each color in gray (Rec. 601). */
const GRAY = [0.299, 0.587, 0.114]

/** Planes of another number of colors. */
const recolored = (pixels: Uint8Array, from: number, to: number): Uint8Array => {
  if (from === to) return pixels
  const plane = pixels.length / from
  if (to === 1)
    return Uint8Array.from({ length: plane }, (_, i) =>
      Math.round(GRAY.reduce((sum, share, c) => sum + share * pixels[c * plane + i], 0)),
    )
  const result = new Uint8Array(to * plane)
  for (let c = 0; c < to; c++) result.set(pixels.subarray(0, plane), c * plane)
  return result
}

/** Planes in the other order: blue first. */
const reversed = (pixels: Uint8Array, channels: number): Uint8Array => {
  const plane = pixels.length / channels
  const result = new Uint8Array(pixels.length)
  for (let c = 0; c < channels; c++)
    result.set(pixels.subarray(c * plane, (c + 1) * plane), (channels - 1 - c) * plane)
  return result
}

/** A dataset whose images are as the model takes them. */
export const fitted = (
  dataset: Dataset,
  { channels, height, width, order }: Preprocessing,
): Dataset => {
  const [own, ownHeight, ownWidth] = dataset.shape
  const whole = { left: 0, top: 0, width: ownWidth, height: ownHeight }
  const isSized = ownHeight === height && ownWidth === width
  return pixelDataset({
    ...dataset,
    shape: [channels, height, width],
    read: async index => {
      const pixels = await dataset.read(index)
      const sized = isSized ? pixels : resize(pixels, dataset.shape, whole, [own, height, width])
      const colored = recolored(sized, own, channels)
      return order === 'BGR' ? reversed(colored, channels) : colored
    },
  })
}

/** What images of no class are called together. */
export const ALL_IMAGES = 'all images'

/** Image files as a dataset of one class. */
export const filesDataset = (files: readonly string[], one: Preprocessing): Dataset => {
  const shape = [one.channels, one.height, one.width] as const
  return pixelDataset({
    name: files.length === 1 ? files[0] : `${files.length} files`,
    split: 'all',
    classes: [ALL_IMAGES],
    shape,
    labels: new Int32Array(files.length),
    read: index => readImage(files[index], shape, one),
  })
}
