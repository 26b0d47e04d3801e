/** One image on its way to a place in a batch: opened, cut out, augmented, normalized; the same here and in a worker. */

import { random } from '../random/index.ts'
import { type Augmentation, augment } from './augment/augment.ts'
import { randomWindow } from './augment/window.ts'
import { center, type ImageShape, type OpenImage, sizeOf } from './image.ts'
import type { Normalization } from './normalization.ts'

/** All that decides what becomes of an image besides its index; plain data. */
export interface Preparation {
  readonly normalization: Normalization
  readonly augmentation: Augmentation
  readonly seed: number
  readonly epoch: number
}

/** Images to be opened by index; whatever decodes them, in Node, a worker or a browser. */
export interface ImageSource {
  /** The shape that the network sees. */
  readonly shape: ImageShape
  readonly cropPct?: number | undefined
  open(index: number): Promise<OpenImage>
}

const prepareOne = async (
  { shape, cropPct, open }: ImageSource,
  index: number,
  { normalization, augmentation, seed, epoch }: Preparation,
  target: Float32Array,
  offset: number,
): Promise<void> => {
  const draw = random(seed).fork('augment').fork(epoch).fork(index)
  const image = await open(index)
  try {
    const window = augmentation.resizedCrop
      ? randomWindow(image, augmentation.resizedCrop, draw.fork('window'))
      : center(image, shape, cropPct)
    const pixels = await image.read(window, shape)
    augment(pixels, shape, augmentation, normalization, draw, target, offset)
  } finally {
    image.close?.()
  }
}

/**
 * Images as [count, C, H, W], augmented and normalized.
 * @param target - where they go, where there is such a place already
 */
export const prepareImages = async (
  source: ImageSource,
  indices: Uint32Array,
  preparation: Preparation,
  target: Float32Array = new Float32Array(indices.length * sizeOf(source.shape)),
): Promise<Float32Array> => {
  const size = sizeOf(source.shape)
  await Promise.all(
    Array.from(indices, (index, i) => prepareOne(source, index, preparation, target, i * size)),
  )
  return target
}
