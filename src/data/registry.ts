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
  readonly dataDir?: string | undefined
  /** Where downloads go; `EXCITE_CACHE` or the user's cache folder unless given. */
  readonly cacheDir?: string | undefined
  readonly onProgress?: DownloadProgress | undefined
  /** How many images: painted, for `shapes`; of other sets the first of each class. */
  readonly count?: number | undefined
  /** Of `shapes`: how large, and the seed that decides them. */
  readonly size?: number | undefined
  readonly seed?: number | undefined
  /** Of a folder of images. */
  readonly cropPct?: number | undefined
  readonly valFraction?: number | undefined
  readonly badImages?: BadImagePolicy | undefined
  readonly badLimit?: number | undefined
  readonly workers?: number | undefined
  readonly onChecked?: ((done: number, total: number) => void) | undefined
}

/** What a folder's images are resized to, unless told. */
const FOLDER_SIZE = 224

/** Whether the name of a dataset means a folder: by a separator, or because there is one. */
export const isFolder = (name: string): boolean =>
  !Object.hasOwn(DATASETS, name) &&
  !registered.has(name) &&
  (/[/\\]|^\.{1,2}$/.test(name) ||
    statSync(name, { throwIfNoEntry: false })?.isDirectory() === true)

const SHAPES_COUNT = { train: 8000, test: 2000 }

/** Opens one split of a set. */
export type DatasetOpener = (options: OpenOptions) => Dataset | Promise<Dataset>

const registered = new Map<string, DatasetOpener>()

/** Makes a dataset of the user's own known by name: `openImages(name)` and runs of it open it. */
export const registerDataset = (name: string, open: DatasetOpener): void => {
  if (!/^[\w.-]+$/.test(name) || Object.hasOwn(DATASETS, name))
    throw new UsageError({
      where: 'register.dataset',
      expected: 'a name of letters, digits, _ and - that no set has yet',
      got: name,
    })
  registered.set(name, open)
}

/** A set as its files have it. */
const openFiles = async (name: string, options: OpenOptions): Promise<Dataset> => {
  const { split, cacheDir = cacheFolder(), size } = options
  if (isFolder(name)) return openImageFolder(name, { ...options, size: size ?? FOLDER_SIZE })
  const { dataDir, onProgress } = options
  const places = { cacheDir, dataDir, onProgress }
  if (Object.hasOwn(MNIST_SOURCES, name)) return openMnist(name as MnistName, split, places)
  if (Object.hasOwn(CIFAR_SOURCES, name)) return openCifar(name as CifarName, split, places)
  throw new UsageError({
    where: `dataset ${name}`,
    expected: `one of ${datasetNames.join(', ')}, or a folder of images`,
    got: name,
    hint: suggestion(name, datasetNames),
  })
}

/**
 * Opens a dataset.
 * @throws UsageError for an unknown name; FileError for missing or damaged files, with the remedy
 */
export const openDataset = async (name: string, options: OpenOptions): Promise<Dataset> => {
  const { split, count, size, seed } = options
  const own = registered.get(name)
  if (own !== undefined) return own(options)
  if (name === 'shapes')
    return openShapes({ split, count: count ?? SHAPES_COUNT[split], size, seed })
  const dataset = await openFiles(name, options)
  return count === undefined ? dataset : balancedSubset(dataset, count)
}
