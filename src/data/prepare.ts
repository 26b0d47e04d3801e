/** One image on its way to a place in a batch: opened, cut out, augmented, normalized; the same here and in a worker. */

import { type RandomStream, random } from '../random/index.ts'
import { type Augmentation, augment } from './augment/augment.ts'
import { placed } from './augment/place.ts'
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
  /** Whether an image is seen whole, in the top left corner, and the rest is padding. */
  readonly letterbox?: boolean | undefined
  open(index: number): Promise<OpenImage>
}

/** The stream of random numbers of an image in an epoch. */
export const drawOf = (
  { seed, epoch }: Pick<Preparation, 'seed' | 'epoch'>,
  index: number,
): RandomStream => random(seed).fork('augment').fork(epoch).fork(index)

/** Near the mean of photographs. */
const GRAY = 114

/** Puts an image in the top left corner of a larger one. */
const pad = <Pixels extends Float32Array | Uint8Array>(
  image: Pixels,
  [channels, tall, wide]: ImageShape,
  [, height, width]: ImageShape,
  target: Pixels,
  offset: number,
  padding: number,
): void => {
  target.fill(padding, offset, offset + channels * height * width)
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < tall; y++) {
      const from = (c * tall + y) * wide
      target.set(image.subarray(from, from + wide), offset + (c * height + y) * width)
    }
}

const prepareOne = async (
  { shape, cropPct, letterbox, open }: ImageSource,
  index: number,
  preparation: Preparation,
  target: Float32Array,
  offset: number,
): Promise<void> => {
  const { normalization, augmentation } = preparation
  const draw = drawOf(preparation, index)
  const image = await open(index)
  try {
    if (letterbox) {
      const { window, width, height } = placed(image, shape, augmentation, draw)
      const own = [shape[0], height, width] as const
      const part = new Float32Array(sizeOf(own))
      const pixels = await image.read(window, own)
      augment(pixels, own, augmentation, normalization, draw, part, 0)
      // Zeros are the mean.
      return pad(part, own, shape, target, offset, 0)
    }
    const window = augmentation.resizedCrop
      ? randomWindow(image, augmentation.resizedCrop, draw.fork('window'))
      : center(image, shape, cropPct)
    const pixels = await image.read(window, shape)
    augment(pixels, shape, augmentation, normalization, draw, target, offset)
  } finally {
    image.close?.()
  }
}

/** An image as a whole in the top left corner of a shape, the rest gray: to be looked at. */
export const letterboxed = async (image: OpenImage, shape: ImageShape): Promise<Uint8Array> => {
  const { window, width, height } = placed(image, shape, {}, random(0))
  const own = [shape[0], height, width] as const
  const target = new Uint8Array(sizeOf(shape))
  pad(await image.read(window, own), own, shape, target, 0, GRAY)
  return target
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
