/** The images of a training: what it learns from, what it is judged by, and what they are called. */

import type { Dataset } from '../data/dataset.ts'
import { type OpenOptions, openDataset } from '../data/registry.ts'
import type { Config } from '../train/config.ts'

/** What a configuration says of the images. */
export type ImagesRecord = Pick<
  Config,
  'data' | 'dataDir' | 'samples' | 'size' | 'cropPct' | 'valFraction' | 'badImages' | 'badLimit'
>

/** Images to train on: of a folder or a known set, or any two datasets of your own. */
export interface Images {
  readonly train: Dataset
  /** Judges every epoch, and which weights are the best. */
  readonly validation: Dataset
  /** How they were opened; a run of images without it needs them given again to resume. */
  readonly record?: ImagesRecord
}

/** Images that `openImages` has opened. */
export interface OpenedImages extends Images {
  /** The names of the classes, in the order of the logits. */
  readonly classes: readonly string[]
  readonly record: ImagesRecord
  /** Ends the threads that decode. */
  close(): Promise<void>
}

/** How a folder or a set is read. */
export interface ImagesOptions
  extends Omit<ImagesRecord, 'data'>,
    Pick<OpenOptions, 'cacheDir' | 'workers' | 'onProgress' | 'onChecked'> {}

/**
 * Opens a folder with one folder per class, or a set by its name.
 * @throws UsageError for an unknown name; FileError for missing or damaged files, with the remedy
 */
export const openImages = async (
  name: string,
  options: ImagesOptions = {},
): Promise<OpenedImages> => {
  const { cacheDir, workers, onProgress, onChecked, ...record } = options
  const { samples, ...rest } = options
  const open = (split: 'train' | 'test') =>
    openDataset(name, { ...rest, split, count: samples?.[split] })
  const train = await open('train')
  const validation = await open('test')
  return {
    train,
    validation,
    classes: train.classes,
    record: { data: name, ...record },
    close: async () => {
      await train.close?.()
      await validation.close?.()
    },
  }
}

/** Opens the images that a run was trained on. */
export const openImagesOf = ({ data, ...config }: Config): Promise<OpenedImages> => {
  const { dataDir, samples, size, cropPct, valFraction, badImages, badLimit } = config
  return openImages(data, { dataDir, samples, size, cropPct, valFraction, badImages, badLimit })
}
