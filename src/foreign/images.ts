/** Images in the shape and order of channels that a foreign model takes: from a dataset, or files. */

import type { Dataset } from '../data/dataset.ts'
import { center, readImage } from '../data/images.ts'
import type { Preprocessing } from './preprocessing.ts'

type Shape = readonly [channels: number, height: number, width: number]

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

/** Where each of so many places lies among others, centers at half a place; held inside. */
const places = (from: number, to: number) =>
  Array.from({ length: to }, (_, i) => {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1)
    const low = Math.floor(at)
    return { low, high: Math.min(low + 1, from - 1), share: at - low }
  })

/** The whole image at another size, bilinear. */
export const resized = (
  pixels: Uint8Array,
  [channels, height, width]: Shape,
  [newHeight, newWidth]: readonly [number, number],
): Uint8Array => {
  if (height === newHeight && width === newWidth) return pixels
  const [rows, columns] = [places(height, newHeight), places(width, newWidth)]
  const result = new Uint8Array(channels * newHeight * newWidth)
  let to = 0
  for (let c = 0; c < channels; c++)
    for (const y of rows)
      for (const x of columns) {
        const row = (line: number): number => {
          const start = (c * height + line) * width
          return pixels[start + x.low] * (1 - x.share) + pixels[start + x.high] * x.share
        }
        result[to++] = Math.round(row(y.low) * (1 - y.share) + row(y.high) * y.share)
      }
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
  const { prepare, readWindow, ...rest } = dataset
  const [own] = dataset.shape
  return {
    ...rest,
    shape: [channels, height, width],
    read: async index => {
      const sized = resized(await dataset.read(index), dataset.shape, [height, width])
      const colored = recolored(sized, own, channels)
      return order === 'BGR' ? reversed(colored, channels) : colored
    },
  }
}

/** What images of no class are called together. */
export const ALL_IMAGES = 'all images'

/** Image files as a dataset of one class. */
export const filesDataset = (files: readonly string[], one: Preprocessing): Dataset => {
  const shape = [one.channels, one.height, one.width] as const
  return {
    name: files.length === 1 ? files[0] : `${files.length} files`,
    split: 'test',
    classes: [ALL_IMAGES],
    shape,
    labels: new Int32Array(files.length),
    read: index => readImage(files[index], shape, center(shape, one.cropPct)),
  }
}
