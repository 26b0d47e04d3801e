/** Objects enlarged at the center of their images. */

import { resize } from '../data/augment/resize.ts'
import { type Dataset, pixelDataset } from '../data/dataset.ts'
import type { ImageShape } from '../data/image.ts'

/** The central part of an image, a `scale`-th of each side, resized to the whole (SKNet section 4.4). */
export const enlarged = (pixels: Uint8Array, shape: ImageShape, scale: number): Uint8Array => {
  const [, height, width] = shape
  const part = { width: width / scale, height: height / scale }
  const window = { ...part, left: (width - part.width) / 2, top: (height - part.height) / 2 }
  return resize(pixels, shape, window, shape)
}

/** All images of a dataset enlarged. */
export const enlargedDataset = (dataset: Dataset, scale: number): Dataset =>
  scale === 1
    ? dataset
    : pixelDataset({
        ...dataset,
        read: async index => enlarged(await dataset.read(index), dataset.shape, scale),
      })
