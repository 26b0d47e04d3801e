/** Datasets by name; a name that is a path is a folder of images. */

import { statSync } from 'node:fs'

import { UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import { cacheFolder } from '../platform/node/files.ts'
import { CIFAR_SOURCES, type CifarName, openCifar } from './cifar.ts'
import type { Dataset, Split } from './dataset.ts'
import type { DownloadProgress } from './download.ts'
import type { BadImagePolicy } from './folder/bad.ts'
import { openImageFolder } from './folder/imageFolder.ts'
import { MNIST_SOURCES, type MnistName, openMnist } from './mnist.ts'
import { openShapes } from './shapes/shapes.ts'
import { balancedSubset } from './subset.ts'

/** Each with a line that says what it is. */
export const DATASETS = {
  shapes: 'procedural, needs no files: ten textured shapes on clutter, 32×32 in color',
  'fashion-mnist': '70,000 gray 28×28 images of clothes, ten classes',
  mnist: '70,000 gray 28×28 handwritten digits',
  cifar10: '60,000 color 32×32 photographs, ten classes',
  cifar100: '60,000 color 32×32 photographs, a hundred classes',
} as const

export type DatasetName = keyof typeof DATASETS
export const datasetNames = Object.keys(DATASETS) as readonly DatasetName[]

export interface OpenOptions {
  readonly split: Split
  /** The only folder to look for files in. */
  readonly dataDir?: string
  /** Where downloads go; `EXCITE_CACHE` or the user's cache folder unless given. */
  readonly cacheDir?: string
  readonly onProgress?: DownloadProgress
  /** How many images: painted, for `shapes`; of other sets the first of each class. */
  readonly count?: number
  /** Of `shapes`: how large, and the seed that decides them. */
  readonly size?: number
  readonly seed?: number
  /** Of a folder of images. */
  readonly cropPct?: number
  readonly valFraction?: number
  readonly badImages?: BadImagePolicy
  readonly badLimit?: number
  readonly workers?: number
  onChecked?(done: number, total: number): void
}

/** What a folder's images are resized to, unless told. */
const FOLDER_SIZE = 224

/** Whether the name of a dataset means a folder: by a separator, or because there is one. */
export const isFolder = (name: string): boolean =>
  !Object.hasOwn(DATASETS, name) &&
  (/[/\\]|^\.{1,2}$/.test(name) ||
    statSync(name, { throwIfNoEntry: false })?.isDirectory() === true)

const SHAPES_COUNT = { train: 8000, test: 2000 }

/** A set as its files have it. */
const openFiles = async (name: string, options: OpenOptions): Promise<Dataset> => {
  const { split, cacheDir = cacheFolder(), size } = options
  if (isFolder(name)) return openImageFolder(name, { ...options, size: size ?? FOLDER_SIZE })
  const { dataDir, onProgress } = options
  const places = {
    cacheDir,
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(onProgress === undefined ? {} : { onProgress }),
  }
  if (Object.hasOwn(MNIST_SOURCES, name)) return openMnist(name as MnistName, split, places)
  if (Object.hasOwn(CIFAR_SOURCES, name)) return openCifar(name as CifarName, split, places)
  throw new UsageError({
    where: `dataset ${name}`,
    expected: `one of ${datasetNames.join(', ')}, or a folder of images`,
    got: name,
    ...(suggestion(name, datasetNames) ? { hint: suggestion(name, datasetNames) as string } : {}),
  })
}

/**
 * Opens a dataset.
 * @throws UsageError for an unknown name; FileError for missing or damaged files, with the remedy
 */
export const openDataset = async (name: string, options: OpenOptions): Promise<Dataset> => {
  const { split, count, size, seed } = options
  if (name === 'shapes')
    return openShapes({
      split,
      count: count ?? SHAPES_COUNT[split],
      ...(size === undefined ? {} : { size }),
      ...(seed === undefined ? {} : { seed }),
    })
  const dataset = await openFiles(name, options)
  return count === undefined ? dataset : balancedSubset(dataset, count)
}
