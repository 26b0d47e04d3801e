/** A folder of images as datasets: one folder per class, decoded and prepared in worker threads. */

import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { relative } from 'node:path'
import { FileError, UsageError } from '../../errors/index.ts'
import { backgroundColor } from '../background.ts'
import type { Dataset, Split } from '../dataset.ts'
import { center } from '../image.ts'
import { prepareImages } from '../prepare.ts'
import { concatenate } from '../subset.ts'
import { type BadImage, type BadImagePolicy, withoutBad } from './bad.ts'
import { fileSource } from './files.ts'
import { type ImageList, listFolder } from './list.ts'
import type { FolderSplit, ListOptions } from './parts.ts'
import { openPool } from './pool.ts'

/** How the images of a folder are found, read, and left out. */
export interface ImageFolderOptions extends ListOptions {
  /** Height and width that the network sees; 224 unless told. */
  readonly size?: number | undefined
  /** Of evaluation: the size over the shorter side of the resized image; 0.875 unless told. */
  readonly cropPct?: number | undefined
  /** What transparent images are composed on: `#rrggbb`, `white`, …; black unless told. */
  readonly background?: string | undefined
  /** What is done about images that cannot be decoded; `stop` unless told. */
  readonly badImages?: BadImagePolicy | undefined
  /** The share that may be bad where they are skipped or replaced; 0.01, or a few, unless told. */
  readonly badLimit?: number | undefined
  /** Threads that prepare images; 0 for none but this; one per core unless told. The images are the same. */
  readonly workers?: number | undefined
  /** Told as images are looked at for bad ones. */
  readonly onChecked?: ((done: number, total: number) => void) | undefined
}

/** What of a folder is not used, and why. */
export interface FolderReport {
  /** Files that are not used, by their ending, such as `.heic`, or by why. */
  readonly leftOut: Readonly<Record<string, readonly string[]>>
  /** What else is to be known, in sentences: such as classes without validation images. */
  readonly notes: readonly string[]
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

/** A hash of which images these are, and of their labels where their paths do not begin with them. */
const fingerprintOf = (
  { files, labels, values }: Pick<ImageList, 'files' | 'labels' | 'values'>,
  classes: readonly string[],
): string => {
  const lines = files.map((file, i) => {
    if (values) return `${file}\t${values[i].join()}`
    const label = classes[labels[i]]
    return file.startsWith(`${label}/`) ? file : `${file}\t${label}`
  })
  return createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16)
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
    background: color,
    badImages = 'stop',
    badLimit,
    workers = availableParallelism(),
    onChecked,
    ...listing
  }: ImageFolderOptions = {},
): Promise<ImageFolder> => {
  within('data.cropPct', cropPct, 1)
  if (listing.valFraction !== undefined) within('data.valFraction', listing.valFraction, 0.9)
  const { classes, task, splits, leftOut, notes } = await listFolder(path, listing)
  const shape = [3, size, size] as const
  const background = color && backgroundColor(color)
  const format = { shape, cropPct, background }
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
    const { folder, files, labels, values } = good
    const pathOf = (index: number): string => `${folder}/${files[index]}`
    const source = fileSource(format, pathOf)
    return {
      name: path,
      split: found.split,
      classes,
      shape,
      labels,
      task,
      values,
      cropPct,
      nameOf: index => relative(path, pathOf(index)),
      background,
      fingerprint: fingerprintOf(good, classes),
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

  const openAll = async (): Promise<Dataset> => {
    const datasets = [await openSplit('train'), await openSplit('validation')]
    if (splits.test !== undefined) datasets.push(await openSplit('test'))
    return concatenate(datasets, 'all')
  }

  return {
    classes,
    hasTest: splits.test !== undefined,
    open: async split => {
      const opened = await (split === 'all' ? openAll() : openSplit(split))
      if (opened.labels.length > 0) return opened
      throw new FileError({
        where: path,
        expected: split === 'all' ? 'images' : `${split} images`,
        got: 'none',
        hint: 'A class needs two images or more to have one held back for validation',
      })
    },
    report: () => ({ leftOut: Object.fromEntries(leftOut), notes, checked, bad }),
    close: pool.close,
  }
}
