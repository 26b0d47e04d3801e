/** What a dataset is to the rest of Excite: labeled images of one shape, read one by one or in batches. */

import { bilinear, resize } from './augment/resize.ts'
import type { ImageShape, PixelSource, Window } from './image.ts'
import type { DatasetObjects } from './objects.ts'
import { type Preparation, prepareImages } from './prepare.ts'

/** The parts of a dataset by their names; `all` is the three together. */
export const SPLITS = ['train', 'validation', 'test', 'all'] as const
/** Which part of a dataset. */
export type Split = (typeof SPLITS)[number]

/** The splits that published sets come in: their test set is also what training is evaluated on. */
export type PublishedSplit = 'train' | 'test'

/** Labeled images as somebody has them: a dataset of one's own begins with these. */
export interface LabeledImages extends PixelSource {
  /** The name of the set. */
  readonly name: string
  /** Which part of the set this is. */
  readonly split: Split
  /** The names of the classes, in the order of the labels. */
  readonly classes: readonly string[]
  /** The class of each image; 0 where a task has other targets. */
  readonly labels: Int32Array
  /** What the targets are for; classification unless said. */
  readonly task?: string | undefined
  /** Of each image a number for each of `classes`: whether that label holds (1 or 0), or what is to be predicted. */
  readonly values?: readonly Float32Array[] | undefined
  /** Whether reading costs nothing. */
  readonly inMemory?: boolean | undefined
  /** The share of the resized image's shorter side that evaluation keeps (the network's size over it). */
  readonly cropPct?: number | undefined
  /** The objects in the images, where these are for detection: an image is then seen whole, and padded. */
  readonly objects?: DatasetObjects | undefined
  /** The name of an image, such as its file's within the folder; a number where images have none. */
  nameOf?(index: number): string
  /** What transparent images were composed on, as `#rrggbb`; black unless said. */
  readonly background?: string | undefined
  /** A hash of which images these are, where the name does not say it. */
  readonly fingerprint?: string | undefined
}

/** What an image is called. */
export const imageName = (
  { name, nameOf }: Pick<LabeledImages, 'name' | 'nameOf'>,
  index: number,
) => nameOf?.(index) ?? `${name} ${index}`

/** A dataset: labeled images, read one by one or prepared in batches. */
export interface Dataset extends LabeledImages {
  /** Images as a batch [count, C, H, W], augmented and normalized, perhaps by other threads. */
  prepare(indices: Uint32Array, preparation: Preparation): Promise<Float32Array>
  /** Ends what reading has started, such as threads; nothing is read afterwards. */
  close(): Promise<void>
}

/** Images whose objects are known; their `labels` are all 0. */
export interface DetectionDataset extends Dataset {
  /** What is in the images. */
  readonly objects: DatasetObjects
}

/**
 * A dataset of images that are read as pixels of its shape; batches are prepared on this thread.
 * Made of another dataset with another `read`, it prepares what that one reads.
 * @example
 * const mirrored = pixelDataset({ ...dataset, read: async i => flip(await dataset.read(i)) })
 */
export const pixelDataset = <Images extends LabeledImages & { close?(): Promise<void> }>(
  images: Images,
): Images & Dataset => {
  const { shape, read, objects } = images
  const [, height, width] = shape
  const source = {
    shape,
    letterbox: objects !== undefined,
    open: async (index: number) => {
      const pixels = await read(index)
      const part = (window: Window, to: ImageShape) => resize(pixels, shape, window, to)
      return { width, height, read: objects ? part : bilinear(pixels, shape) }
    },
  }
  return {
    ...images,
    prepare: (indices, preparation) => prepareImages(source, indices, preparation),
    close: images.close ?? (async () => {}),
  }
}
