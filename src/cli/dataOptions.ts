/** The options that say where images come from, shared by the commands that need some. */

import { existsSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { type Command, Option } from 'commander'
import { backgroundColor } from '../data/background.ts'
import type { Dataset, Split } from '../data/dataset.ts'
import type { ImagesOptions } from '../data/imagesRecord.ts'
import type { Splits } from '../data/registry.ts'
import { UsageError } from '../errors/index.ts'
import { count } from '../text/numbers.ts'
import { reportLines } from './folderReport.ts'
import { progressLine } from './progressLine.ts'

export interface DataFlags extends ImagesOptions {
  readonly cacheDir?: string | undefined
  readonly workers?: number | undefined
}

/** A whole number within bounds, as commander parses options. */
export const whole =
  (flag: string, least = 1, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isInteger(value) && value >= least && value <= most) return value
    const range = most === Number.MAX_SAFE_INTEGER ? `${least}` : `${least} to ${most}`
    throw new UsageError({ where: flag, expected: `a whole number from ${range}`, got: text })
  }

/** As the library has them, which a command that only parses does not load. */
const SPLITS = ['train', 'validation', 'test', 'all'] satisfies readonly Split[]

const CORES = Math.max(availableParallelism(), cpus().length)
/** Threads that wait for one another on fewer cores take hours for seconds. */
export const threadCount = whole('--threads', 1, CORES)
/** What waits for files may be more than the cores. */
const workerCount = whole('--workers', 0, 8 * CORES)
/** More than any image that is decoded has, on a side. */
const LARGEST_SIZE = 4096

/** A number above 0, up to 1. */
export const share =
  (flag: string) =>
  (text: string): number => {
    const value = Number(text)
    if (value > 0 && value <= 1) return value
    throw new UsageError({ where: flag, expected: 'a number above 0, up to 1', got: text })
  }

/** A path, which an empty text is not: it would mean the current folder. */
export const path =
  (flag: string) =>
  (text: string): string => {
    if (text !== '') return text
    throw new UsageError({ where: flag, expected: 'a path', got: 'an empty text' })
  }

const twoCounts = (text: string): NonNullable<DataFlags['samples']> => {
  const counts = text.split(',').map(Number)
  const [train, test] = counts
  if (counts.length === 2 && counts.every(value => Number.isInteger(value) && value > 0))
    return { train, test }
  throw new UsageError({ where: '--samples', expected: 'two counts, such as 8000,2000', got: text })
}

const columnNames = (text: string): [string, ...string[]] => {
  const [file = '', ...labels] = text.split(',').map(name => name.trim())
  if (file !== '' && labels.length > 0 && !labels.includes('')) return [file, ...labels]
  const expected = 'the names of two columns or more, such as image,breed'
  throw new UsageError({ where: '--label-columns', expected, got: text })
}

/** What others call the splits, as folders of them may be called. */
const SPLIT_ALIASES: Readonly<Record<string, Split>> = {
  training: 'train',
  val: 'validation',
  valid: 'validation',
  testing: 'test',
}

const splitOf = (text: string): Split => {
  const name = SPLIT_ALIASES[text.toLowerCase()] ?? text.toLowerCase()
  const split = SPLITS.find(own => own === name)
  if (split !== undefined) return split
  throw new UsageError({ where: '--split', expected: `one of ${SPLITS.join(', ')}`, got: text })
}

/** `--split`, for the commands that read one part of a set; `validation` unless told. */
export const withSplit = (command: Command, split?: Split): Command => {
  const option = new Option('--split <name>', `which split: ${SPLITS.join(', ')}`).argParser(
    splitOf,
  )
  return command.addOption(split === undefined ? option : option.default(split))
}

export const withDataOptions = (command: Command): Command =>
  command
    .optionsGroup('Data:')
    .option('--data-dir <folder>', "folder with the dataset's files (no other place is searched)")
    .option(
      '--cache-dir <folder>',
      'folder of downloads (default: $EXCITE_CACHE or ~/.cache/excite)',
    )
    .option('--samples <train,validation>', 'use only this many images (default: all)', twoCounts)
    .option(
      '--size <pixels>',
      'height and width of images, of a folder or a procedural dataset',
      whole('--size', 8, LARGEST_SIZE),
    )
    .option(
      '--crop-pct <x>',
      'folders: center-crop ratio at evaluation (default: 0.875)',
      share('--crop-pct'),
    )
    .option(
      '--background <color>',
      'folders: color behind transparent images, such as white (default: black)',
      backgroundColor,
    )
    .option(
      '--val-fraction <x>',
      'folders without val/: share of each class held back for validation (default: 0.1)',
      share('--val-fraction'),
    )
    .option(
      '--labels <file.csv>',
      'folders: take labels from a table, with a header, instead of folders',
      path('--labels'),
    )
    .option(
      '--label-columns <file,label,…>',
      'the columns of --labels, several of flags or numbers (default: found by their names)',
      columnNames,
    )
    .option(
      '--label-from-name [pattern]',
      "folders: take labels from file names, such as cat.12.jpg, or by a pattern such as '^([^_]+)_'",
    )
    .option(
      '--task <name>',
      'of --labels: classification, labels or regression (default: as its cells look)',
    )
    .addOption(
      new Option(
        '--bad-images <policy>',
        'folders: what to do about unreadable images (default: stop)',
      ).choices(['stop', 'skip', 'replace']),
    )
    .option(
      '--bad-limit <x>',
      'folders: stop if a greater share is unreadable (default: 0.01, or 5 images)',
      share('--bad-limit'),
    )
    .option(
      '--workers <n>',
      'folders: threads that prepare images (default: one per core)',
      workerCount,
    )
    .optionsGroup('Options:')

const opened: Splits[] = []

/** Closes all datasets that the command has opened. */
export const closeDatasets = async (): Promise<void> => {
  for (const splits of opened.splice(0)) await splits.close()
}

/** A dataset whose splits are opened as they are asked for, showing downloads. */
export const openData = async (
  name: string,
  { workers, ...flags }: DataFlags,
  quiet = false,
): Promise<Splits> => {
  const { isFolder, openSplits } = await import('../data/registry.ts')
  if (isFolder(name) && !existsSync(name))
    throw new UsageError({
      where: name,
      expected: 'a folder of images, one folder per class in it',
      got: 'no such folder',
      hint: 'Give an existing folder, or a dataset that excite data lists',
    })
  const progress = progressLine(quiet)
  const splits = await openSplits(name, {
    ...flags,
    workers: workers ?? availableParallelism(),
    onChecked: (done, total) => progress.update(`looking at image ${done} of ${total}`),
    onProgress: (url, received, total) => {
      const share = total === undefined ? '' : ` of ${(total / 1e6).toFixed(1)}`
      progress.update(`fetching ${url}: ${(received / 1e6).toFixed(1)}${share} MB`)
    },
  })
  opened.push(splits)
  return {
    ...splits,
    open: async split => {
      // `test` was the name of what is evaluated during training, before there were three.
      const renamed = split === 'test' && !splits.hasTest
      if (renamed)
        progress.line(`${name} has no test images: these are called --split validation now`)
      try {
        return await splits.open(renamed ? 'validation' : split)
      } finally {
        progress.clear()
      }
    },
  }
}

/** `18 images`, or `15 validation images`: how many of which a command was about. */
export const imagesText = ({ labels, split }: Pick<Dataset, 'labels' | 'split'>): string =>
  `${count(labels.length)} ${split === 'all' ? '' : `${split} `}images`

/** One split of a dataset; what of a folder is not used is said. */
export const openSplit = async (
  name: string,
  split: Split,
  flags: DataFlags,
  quiet = false,
): Promise<Dataset> => {
  const splits = await openData(name, flags, quiet)
  const dataset = await splits.open(split)
  if (splits.report) reportLines(splits.report()).forEach(progressLine(quiet).line)
  return dataset
}
