/** A folder of images as datasets: one folder a class, decoded and prepared in worker threads. */

import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { relative } from 'node:path'
import { UsageError } from '../../errors/index.ts'
import type { Dataset, Split } from '../dataset.ts'
import { center } from '../image.ts'
import { prepareImages } from '../prepare.ts'
import { concatenate } from '../subset.ts'
import { type BadImage, type BadImagePolicy, withoutBad } from './bad.ts'
import { fileSource } from './files.ts'
import { type FolderSplit, listFolder } from './list.ts'
import { openPool } from './pool.ts'

/** How the images of a folder are found, read, and left out. */
export interface ImageFolderOptions {
  /** Height and width that the network sees; 224 unless told. */
  readonly size?: number | undefined
  /** Of evaluation: the size over the shorter side of the resized image; 0.875 unless told. */
  readonly cropPct?: number | undefined
  /** Which share of each class is held back, where the folder itself has no `val/`; 0.1 unless told. */
  readonly valFraction?: number | undefined
  /** What is done about images that cannot be decoded; `stop` unless told. */
  readonly badImages?: BadImagePolicy | undefined
  /** The share that may be bad where they are skipped or replaced; 0.01, or a few, unless told. */
  readonly badLimit?: number | undefined
  /** Threads that prepare images; 0 for none but this; one a core unless told. The images are the same. */
  readonly workers?: number | undefined
  /** Told as images are looked at for bad ones. */
  readonly onChecked?: ((done: number, total: number) => void) | undefined
}

/** What of a folder is not used, and why. */
export interface FolderReport {
  /** How many files of each ending were found that are no images, such as `.heic`; and test images without classes. */
  readonly leftOut: Readonly<Record<string, number>>
  /** How many images were looked at for bad ones. */
  readonly checked: number
  /** Images that were skipped or replaced. */
  readonly bad: readonly BadImage[]
}

/** A folder whose splits are opened one by one; its files are listed once. */
export interface ImageFolder {
  readonly classes: readonly string[]
  /** Whether there are labeled test images. */
  readonly hasTest: boolean
  /** @throws FileError when the split is not there, or holds images that it must not */
  open(split: Split): Promise<Dataset>
  /** What of the splits that were opened is not used. */
  report(): FolderReport
  /** Ends the worker threads. */
  close(): Promise<void>
}

/** ImageNet's usual: 224 from 256. */
const SIZE = 224
const CROP_PCT = 0.875

const within = (where: string, value: number, high: number): void => {
  if (value > 0 && value <= high) return
  throw new UsageError({ where, expected: `a number above 0, up to ${high}`, got: `${value}` })
}

/**
 * Opens a folder of images.
 * @throws FileError when it holds no images by class
 */
export const openImageFolder = async (
  path: string,
  {
    size = SIZE,
    cropPct = CROP_PCT,
    valFraction,
    badImages = 'stop',
    badLimit,
    workers = availableParallelism(),
    onChecked,
  }: ImageFolderOptions = {},
): Promise<ImageFolder> => {
  within('data.cropPct', cropPct, 1)
  if (valFraction !== undefined) within('data.valFraction', valFraction, 0.9)
  const { classes, splits, leftOut } = await listFolder(path, valFraction)
  const shape = [3, size, size] as const
  const format = { shape, cropPct }
  const pool = openPool(format, workers)
  const bad: BadImage[] = []
  let checked = 0

  const openSplit = async (name: FolderSplit): Promise<Dataset> => {
    const list = splits[name]
    if (list === undefined)
      throw new UsageError({
        where: path,
        expected: 'labeled test images, in test/CLASS',
        got: 'none',
      })
    const found = await list()
    const good =
      badImages === 'stop'
        ? { ...found, bad: [] }
        : await withoutBad(found, classes, { policy: badImages, limit: badLimit, onChecked })
    if (badImages !== 'stop') checked += found.files.length
    bad.push(...good.bad)
    const { folder, files, labels } = good
    const pathOf = (index: number): string => `${folder}/${files[index]}`
    const source = fileSource(format, pathOf)
    return {
      name: path,
      split: found.split,
      classes,
      shape,
      labels,
      cropPct,
      nameOf: index => relative(path, pathOf(index)),
      fingerprint: createHash('sha256').update(files.join('\n')).digest('hex').slice(0, 16),
      read: async index => {
        const image = await source.open(index)
        try {
          return await image.read(center(image, shape, cropPct), shape)
        } finally {
          image.close?.()
        }
      },
      prepare: (indices, preparation) =>
        workers === 0
          ? prepareImages(source, indices, preparation)
          : pool.prepare(Array.from(indices, pathOf), indices, preparation),
      close: pool.close,
    }
  }

  return {
    classes,
    hasTest: splits.test !== undefined,
    open: async split => {
      if (split !== 'all') return openSplit(split)
      const [train, validation] = [await openSplit('train'), await openSplit('validation')]
      // A test set that stands in for validation is one set, not two.
      const isThird = splits.test !== undefined && validation.split !== 'test'
      return concatenate([train, validation, ...(isThird ? [await openSplit('test')] : [])], 'all')
    },
    report: () => ({ leftOut: Object.fromEntries(leftOut), checked, bad }),
    close: pool.close,
  }
}
