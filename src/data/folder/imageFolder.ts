/** A folder of images as a dataset: one folder a class, decoded and prepared in worker threads. */

import { createHash } from 'node:crypto'
import { UsageError } from '../../errors/index.ts'
import type { Dataset, Split } from '../dataset.ts'
import { prepareImages } from '../prepare.ts'
import { BAD_LIMIT, type BadImagePolicy, withoutBad } from './bad.ts'
import { fileSource } from './files.ts'
import { listImages } from './list.ts'
import { openPool } from './pool.ts'

export interface ImageFolderOptions {
  readonly split: Split
  /** Height and width that the network sees. */
  readonly size: number
  /** Of evaluation: the size over the shorter side of the resized image. */
  readonly cropPct?: number | undefined
  /** Which share of each class is held back, where the folder itself has no `val/`. */
  readonly valFraction?: number | undefined
  readonly badImages?: BadImagePolicy | undefined
  /** The share that may be bad where they are skipped or replaced. */
  readonly badLimit?: number | undefined
  /** Threads that prepare images; 0 for none but this. The images are the same. */
  readonly workers?: number | undefined
  readonly onChecked?: ((done: number, total: number) => void) | undefined
}

export type ImageFolder = Dataset & Required<Pick<Dataset, 'close'>>

/** ImageNet's usual: 224 from 256. */
export const CROP_PCT = 0.875
export const VAL_FRACTION = 0.1

const within = (where: string, value: number, high: number): void => {
  if (value > 0 && value <= high) return
  throw new UsageError({ where, expected: `a number above 0, up to ${high}`, got: `${value}` })
}

/**
 * Opens one half of a folder.
 * @throws FileError when it holds no images by class
 */
export const openImageFolder = async (
  path: string,
  {
    split,
    size,
    cropPct = CROP_PCT,
    valFraction,
    badImages = 'stop',
    badLimit = BAD_LIMIT,
    workers = 0,
    onChecked,
  }: ImageFolderOptions,
): Promise<ImageFolder> => {
  within('--crop-pct', cropPct, 1)
  if (valFraction !== undefined) within('--val-fraction', valFraction, 0.9)
  const { divided, ...listing } = await listImages(path, split, valFraction ?? VAL_FRACTION)
  if (divided && valFraction !== undefined)
    throw new UsageError({
      where: '--val-fraction',
      expected: 'a folder that is not divided already',
      got: `${path}, which is`,
    })
  const { folder, files, classes, labels, ...found } =
    badImages === 'stop' ? listing : await withoutBad(listing, badImages, badLimit, onChecked)
  const shape = [3, size, size] as const
  const images = { folder, files, shape, cropPct }
  const source = fileSource(images)
  const pool = openPool(images, workers)
  return {
    name: path,
    split,
    classes,
    labels,
    ...source,
    cropPct,
    ...found,
    fingerprint: createHash('sha256').update(files.join('\n')).digest('hex').slice(0, 16),
    prepare: (indices, preparation) =>
      workers === 0
        ? prepareImages(source, indices, preparation)
        : pool.prepare(indices, preparation),
    close: pool.close,
  }
}
