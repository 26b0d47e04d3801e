/** Datasets by name; a name that is a path is a folder of pictures. */

import { statSync } from 'node:fs'

import { UsageError } from '../errors.ts'
import { cacheFolder } from '../files.ts'
import { suggestion } from '../suggest.ts'
import { CIFAR_SOURCES, type CifarName, openCifar } from './cifar.ts'
import type { Dataset, Split } from './dataset.ts'
import type { DownloadProgress } from './download.ts'
import type { BadImages } from './folder/bad.ts'
import { openImageFolder } from './folder/imageFolder.ts'
import { MNIST_SOURCES, type MnistName, openMnist } from './mnist.ts'
import { openShapes } from './shapes/shapes.ts'

/** Each with a line that says what it is. */
export const DATASETS = {
  shapes: 'procedural, needs no files: ten textured shapes on clutter, 32×32 in colour',
  'fashion-mnist': '70,000 grey 28×28 pictures of clothes, ten classes',
  mnist: '70,000 grey 28×28 handwritten digits',
  cifar10: '60,000 colour 32×32 photographs, ten classes',
  cifar100: '60,000 colour 32×32 photographs, a hundred classes',
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
  /** Of `shapes`: how many pictures, how large, and the seed that decides them. */
  readonly count?: number
  readonly size?: number
  readonly seed?: number
  /** Of a folder of pictures. */
  readonly cropPct?: number
  readonly valFraction?: number
  readonly badImages?: BadImages
  readonly workers?: number
  onChecked?(done: number, total: number): void
}

/** What a folder's pictures are resized to, unless told. */
const FOLDER_SIZE = 224

/** Whether the name of a dataset means a folder: by a separator, or because there is one. */
export const isFolder = (name: string): boolean =>
  !Object.hasOwn(DATASETS, name) &&
  (/[/\\]|^\.{1,2}$/.test(name) ||
    statSync(name, { throwIfNoEntry: false })?.isDirectory() === true)

const SHAPES_COUNT = { train: 8000, test: 2000 }

/**
 * Opens a dataset.
 * @throws UsageError for an unknown name; FileError for missing or damaged files, with the remedy
 */
export const openDataset = async (name: string, options: OpenOptions): Promise<Dataset> => {
  const { split, cacheDir = cacheFolder(), count = SHAPES_COUNT[split], size, seed } = options
  if (name === 'shapes')
    return openShapes({
      split,
      count,
      ...(size === undefined ? {} : { size }),
      ...(seed === undefined ? {} : { seed }),
    })
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
    expected: `one of ${datasetNames.join(', ')}, or a folder of pictures`,
    got: name,
    ...(suggestion(name, datasetNames) ? { hint: suggestion(name, datasetNames) as string } : {}),
  })
}
