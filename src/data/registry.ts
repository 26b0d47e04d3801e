/** Datasets by name; a name that is a path is a folder of images. */

import { statSync } from 'node:fs'
import { UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'
import { cacheFolder } from '../platform/node/files.ts'
import {
  type Dataset,
  type LabeledImages,
  type PublishedSplit,
  pixelDataset,
  type Split,
} from './dataset.ts'
import { isCocoFolder, openCocoFolder } from './folder/cocoFolder.ts'
import {
  type FolderReport,
  type ImageFolderOptions,
  openImageFolder,
} from './folder/imageFolder.ts'
import { openCifar } from './sets/cifar.ts'
import type { DownloadProgress, Places } from './sets/localFiles.ts'
import { openMnist } from './sets/mnist.ts'
import { openShapes } from './shapes/shapes.ts'
import { openShapesDetection } from './shapes/shapesDetection.ts'
import { balancedSubset, concatenate } from './subset.ts'

/** Where the images of a dataset are found, how many are taken, and how a folder's are read. */
export interface DatasetOptions extends ImageFolderOptions {
  /** The only folder to look for the files of a set in. */
  readonly dataDir?: string | undefined
  /** Where downloads go; `EXCITE_CACHE` or the user's cache folder unless given. */
  readonly cacheDir?: string | undefined
  /** Told as files are fetched. */
  readonly onProgress?: DownloadProgress | undefined
  /** How many images to train and to evaluate on: painted, for `shapes`; of others the first of each class. */
  readonly samples?: { readonly train: number; readonly test: number } | undefined
  /** What decides the images of `shapes`. */
  readonly seed?: number | undefined
}

/** What is asked of a dataset that is opened by its name. */
export interface OpenerOptions extends DatasetOptions {
  readonly split: 'train' | 'validation'
}

/** Opens the images to train on, or those to evaluate on. */
export type DatasetOpener = (
  options: OpenerOptions,
) => Dataset | LabeledImages | Promise<Dataset | LabeledImages>

interface Entry {
  /** One line on what it is. */
  readonly describe: string
  readonly open: DatasetOpener
}

/** A set that is published as two splits: its test images are those to evaluate on. */
const published =
  <Name extends string>(
    open: (name: Name, split: PublishedSplit, places: Places) => Promise<Dataset>,
    name: Name,
  ): DatasetOpener =>
  ({ split, dataDir, cacheDir = cacheFolder(), onProgress }) =>
    open(name, split === 'train' ? 'train' : 'test', { dataDir, cacheDir, onProgress })

const SHAPES = { train: 8000, test: 2000 }
const SCENES = { train: 2000, test: 500 }

const BUILT_IN: Readonly<Record<string, Entry>> = {
  shapes: {
    describe: 'procedural, needs no files: ten textured shapes on clutter, 32×32 in color',
    open: ({ split, samples = SHAPES, size, seed }) => {
      const own = split === 'train' ? 'train' : 'test'
      return openShapes({ split: own, count: samples[own], size, seed })
    },
  },
  'shapes-detection': {
    describe:
      'procedural, for detectors: scenes of up to eight shapes with boxes, 128×128 in color',
    open: ({ split, samples = SCENES, size, seed }) => {
      const own = split === 'train' ? 'train' : 'test'
      return openShapesDetection({ split: own, count: samples[own], size, seed })
    },
  },
  'fashion-mnist': {
    describe: '70,000 gray 28×28 images of clothes, ten classes',
    open: published(openMnist, 'fashion-mnist'),
  },
  mnist: {
    describe: '70,000 gray 28×28 handwritten digits',
    open: published(openMnist, 'mnist'),
  },
  cifar10: {
    describe: '60,000 color 32×32 photographs, ten classes',
    open: published(openCifar, 'cifar10'),
  },
  cifar100: {
    describe: '60,000 color 32×32 photographs, a hundred classes',
    open: published(openCifar, 'cifar100'),
  },
}
const entries = new Map(Object.entries(BUILT_IN))

/** The datasets that have a name, each with a line that says what it is. */
export const DATASETS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(BUILT_IN).map(([name, { describe }]) => [name, describe]),
)

/** Makes a dataset of the user's own known by name: `openImages(name)` and runs of it open it. */
export const registerDataset = (name: string, open: DatasetOpener): void => {
  if (!/^[\w.-]+$/.test(name) || Object.hasOwn(BUILT_IN, name))
    throw new UsageError({
      where: 'register.dataset',
      expected: 'a name of letters, digits, _ and - that no set has yet',
      got: name,
    })
  entries.set(name, { describe: 'registered by the program', open })
}

/** Whether the name of a dataset means a folder: by a separator, or because there is one. */
export const isFolder = (name: string): boolean =>
  !entries.has(name) &&
  (/[/\\]|^\.{1,2}$/.test(name) ||
    statSync(name, { throwIfNoEntry: false })?.isDirectory() === true)

/** A dataset whose splits are opened as they are needed. */
export interface Splits {
  /** Whether it has labeled images to test on. */
  readonly hasTest: boolean
  /** Opens a split; where a set is published without validation images, its test images stand in. */
  open(split: Split): Promise<Dataset>
  /** What of a folder is not used, in the splits that were opened. */
  report?(): FolderReport
  /** Ends worker threads; nothing is read afterwards. */
  close(): Promise<void>
}

const splitsOf = (name: string, { open }: Entry, options: DatasetOptions): Splits => {
  const opened: Dataset[] = []
  const openOne = async (split: 'train' | 'validation'): Promise<Dataset> => {
    const images = await open({ ...options, split })
    const dataset = 'prepare' in images ? images : pixelDataset(images)
    opened.push(dataset)
    return dataset
  }
  return {
    hasTest: Object.hasOwn(BUILT_IN, name),
    open: async split =>
      split === 'all'
        ? concatenate([await openOne('train'), await openOne('validation')], 'all')
        : openOne(split === 'train' ? 'train' : 'validation'),
    close: async () => {
      for (const dataset of opened) await dataset.close()
    },
  }
}

/** A folder of images: in COCO's layout for detection, else one folder per class. */
const openFolder = (name: string, options: DatasetOptions): Promise<Splits> =>
  isCocoFolder(name) ? openCocoFolder(name, options) : openImageFolder(name, options)

/**
 * Finds a dataset, none of whose images are opened yet.
 * @throws UsageError for an unknown name; FileError for a folder that holds no images by class
 */
export const openSplits = async (name: string, options: DatasetOptions = {}): Promise<Splits> => {
  const entry = entries.get(name)
  if (entry === undefined && !isFolder(name)) {
    const names = [...entries.keys()]
    throw new UsageError({
      where: `dataset ${name}`,
      expected: `one of ${names.join(', ')}, or a folder of images`,
      got: name,
      hint: suggestion(name, names),
    })
  }
  const splits = entry ? splitsOf(name, entry, options) : await openFolder(name, options)
  const { samples } = options
  if (samples === undefined) return splits
  return {
    ...splits,
    open: async split => {
      const dataset = await splits.open(split)
      const count = samples[split === 'train' ? 'train' : 'test']
      const isWhole = split === 'all' || dataset.labels.length === count
      return isWhole ? dataset : balancedSubset(dataset, count)
    },
  }
}

/**
 * Opens one split of a dataset.
 * @throws UsageError for an unknown name; FileError for missing or damaged files, with the remedy
 */
export const openDataset = async (
  name: string,
  { split, ...options }: DatasetOptions & { readonly split: Split },
): Promise<Dataset> => (await openSplits(name, options)).open(split)
