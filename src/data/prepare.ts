/** One image on its way from a dataset to a place in a batch: the same here and in a worker. */

import { random } from '../random/index.ts'
import { type Augmentation, augment, type ImageShape } from './augment/augment.ts'
import { enlarged } from './augment/warp.ts'
import { randomWindow } from './augment/window.ts'
import type { Dataset, Normalization } from './dataset.ts'

/** All that decides what becomes of an image besides its index; plain data. */
export interface Preparation {
  readonly normalization: Normalization
  readonly augmentation: Augmentation
  readonly seed: number
  readonly epoch: number
}

export type ImageSource = Pick<Dataset, 'shape' | 'read' | 'readWindow'>

const sizeOf = (shape: ImageShape): number =>
  shape.reduce((product, dimension) => product * dimension, 1)

const prepareOne = async (
  source: ImageSource,
  index: number,
  { normalization, augmentation, seed, epoch }: Preparation,
  target: Float32Array,
  offset: number,
): Promise<void> => {
  const { shape } = source
  const draw = random(seed).fork('augment').fork(epoch).fork(index)
  const read = async (): Promise<Uint8Array> => {
    if (augmentation.resizedCrop === undefined) return source.read(index)
    const choose = randomWindow(augmentation.resizedCrop, draw.fork('window'))
    if (source.readWindow) return source.readWindow(index, choose)
    return enlarged(await source.read(index), shape, choose(shape[1], shape[2]))
  }
  augment(await read(), shape, augmentation, normalization, draw, target, offset)
}

/**
 * Images as [count, C, H, W], augmented and normalized.
 * @param images - where they go, where there is such a place already
 */
export const prepareImages = async (
  source: ImageSource,
  indices: Uint32Array,
  preparation: Preparation,
  images: Float32Array = new Float32Array(indices.length * sizeOf(source.shape)),
): Promise<Float32Array> => {
  const size = sizeOf(source.shape)
  await Promise.all(
    Array.from(indices, (index, i) => prepareOne(source, index, preparation, images, i * size)),
  )
  return images
}
