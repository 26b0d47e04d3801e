/** Which pictures are looked at: a part of a dataset, and objects enlarged at its centre. */

import type { PictureShape } from '../data/augment/augment.ts'
import type { Dataset } from '../data/dataset.ts'

/** A dataset of some of another's pictures. */
export const subset = (dataset: Dataset, indices: readonly number[]): Dataset => {
  const { prepare, readWindow, ...rest } = dataset
  return {
    ...rest,
    labels: Int32Array.from(indices, index => dataset.labels[index]),
    read: index => dataset.read(indices[index]),
    ...(readWindow && { readWindow: (index, choose) => readWindow(indices[index], choose) }),
    ...(prepare && {
      prepare: (own, preparation) =>
        prepare(
          own.map(index => indices[index]),
          preparation,
        ),
    }),
  }
}

/** Up to `most` pictures, the first of each class in turn, so that every class has as many. */
export const balanced = ({ classes, labels }: Dataset, most: number): number[] => {
  const each = Math.max(1, Math.floor(most / classes.length))
  const taken = new Array<number>(classes.length).fill(0)
  const chosen: number[] = []
  for (const [index, label] of labels.entries())
    if (taken[label] < each) {
      taken[label]++
      chosen.push(index)
    }
  return chosen
}

/**
 * The central part of a picture, a `scale`-th of each side, resized to the whole (SKNet section
 * 4.4), bilinear with half-pixel centres.
 */
export const enlarged = (
  pixels: Uint8Array,
  [channels, height, width]: PictureShape,
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

/** All pictures of a dataset enlarged. */
export const enlargedDataset = (dataset: Dataset, scale: number): Dataset => {
  if (scale === 1) return dataset
  // Prepared elsewhere, pictures would not be enlarged.
  const { prepare, readWindow, ...rest } = dataset
  return { ...rest, read: async index => enlarged(await dataset.read(index), dataset.shape, scale) }
}
