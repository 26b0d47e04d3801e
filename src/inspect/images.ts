/** Objects enlarged at the center of their images. */

import type { ImageShape } from '../data/augment/augment.ts'
import type { Dataset } from '../data/dataset.ts'

/**
 * The central part of an image, a `scale`-th of each side, resized to the whole (SKNet section
 * 4.4), bilinear with half-pixel centers.
 */
export const enlarged = (
  pixels: Uint8Array,
  [channels, height, width]: ImageShape,
  scale: number,
): Uint8Array => {
  const along = (size: number) =>
    Array.from({ length: size }, (_, i) => {
      const at = Math.min(Math.max((i + 0.5 - size / 2) / scale + size / 2 - 0.5, 0), size - 1)
      const low = Math.floor(at)
      return { low, high: Math.min(low + 1, size - 1), share: at - low }
    })
  const rows = along(height)
  const columns = along(width)
  const result = new Uint8Array(pixels.length)
  for (let c = 0; c < channels; c++)
    for (const [y, row] of rows.entries())
      for (const [x, column] of columns.entries()) {
        const at = (row: number, column: number): number =>
          pixels[(c * height + row) * width + column]
        const mix = (row: number): number =>
          at(row, column.low) * (1 - column.share) + at(row, column.high) * column.share
        const value = mix(row.low) * (1 - row.share) + mix(row.high) * row.share
        result[(c * height + y) * width + x] = Math.round(value)
      }
  return result
}

/** All images of a dataset enlarged. */
export const enlargedDataset = (dataset: Dataset, scale: number): Dataset => {
  if (scale === 1) return dataset
  // Prepared elsewhere, images would not be enlarged.
  const { prepare, readWindow, ...rest } = dataset
  return { ...rest, read: async index => enlarged(await dataset.read(index), dataset.shape, scale) }
}
