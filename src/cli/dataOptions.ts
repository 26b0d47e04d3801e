/** The options that say where pictures come from, shared by the commands that need some. */

import { availableParallelism } from 'node:os'
import { type Command, Option } from 'commander'
import type { Dataset, Split } from '../data/dataset.ts'
import type { BadImages } from '../data/folder/bad.ts'
import { UsageError } from '../errors.ts'
import type { Config } from '../train/config.ts'
import { progressLine } from './progressLine.ts'

export interface DataFlags {
  readonly dataDir?: string
  readonly cacheDir?: string
  readonly samples?: readonly [train: number, test: number]
  readonly size?: number
  readonly cropPct?: number
  readonly valFraction?: number
  readonly badImages?: BadImages
  readonly workers?: number
}

/** A whole number of at least `least`, as commander parses options. */
export const whole =
  (flag: string, least = 1) =>
  (text: string): number => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= least) return value
    throw new UsageError({ where: flag, expected: `a whole number from ${least}`, got: text })
  }

/** A number above 0, up to 1. */
export const share =
  (flag: string) =>
  (text: string): number => {
    const value = Number(text)
    if (value > 0 && value <= 1) return value
    throw new UsageError({ where: flag, expected: 'a number above 0, up to 1', got: text })
  }

const twoCounts = (text: string): [number, number] => {
  const counts = text.split(',').map(Number)
  const [train, test] = counts
  if (counts.length === 2 && counts.every(value => Number.isInteger(value) && value > 0))
    return [train, test]
  throw new UsageError({ where: '--samples', expected: 'two counts, such as 8000,2000', got: text })
}

/** `--split`, for the commands that read one half of a set. */
export const withSplit = (command: Command, half: Split): Command =>
  command.addOption(
    new Option('--split <name>', 'which half').choices(['train', 'test']).default(half),
  )

export const withDataOptions = (command: Command): Command =>
  command
    .option('--data-dir <folder>', 'where the files of the set lie; nowhere else is looked')
    .option(
      '--cache-dir <folder>',
      'where downloads are kept (default: $EXCITE_CACHE or ~/.cache/excite)',
    )
    .option('--samples <train,test>', 'how many pictures of a procedural set', twoCounts)
    .option(
      '--size <pixels>',
      'height and width of a procedural set or a folder',
      whole('--size', 8),
    )
    .option(
      '--crop-pct <x>',
      "of a folder: the size over the resized picture's shorter side, to test (default: 0.875)",
      share('--crop-pct'),
    )
    .option(
      '--val-fraction <x>',
      'of a folder without val/: the share of each class that is held back (default: 0.1)',
      share('--val-fraction'),
    )
    .addOption(
      new Option(
        '--bad-images <policy>',
        'of a folder: what to do about pictures that cannot be decoded (default: stop)',
      ).choices(['stop', 'skip', 'replace']),
    )
    .option(
      '--workers <n>',
      'threads that prepare the pictures of a folder (default: one a core)',
      whole('--workers', 0),
    )

/** Opens one half of a dataset, showing downloads. */
export const openSplit = async (
  name: string,
  split: Split,
  flags: DataFlags,
  quiet = false,
): Promise<Dataset> => {
  const { dataDir, cacheDir, samples, size, cropPct, valFraction, badImages } = flags
  const { openDataset } = await import('../data/registry.ts')
  const progress = progressLine(quiet)
  const dataset = await openDataset(name, {
    split,
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(cacheDir === undefined ? {} : { cacheDir }),
    ...(samples === undefined ? {} : { count: samples[split === 'train' ? 0 : 1] }),
    ...(size === undefined ? {} : { size }),
    ...(cropPct === undefined ? {} : { cropPct }),
    ...(valFraction === undefined ? {} : { valFraction }),
    ...(badImages === undefined ? {} : { badImages }),
    workers: flags.workers ?? availableParallelism(),
    onChecked: (done, total) => progress.update(`looking at picture ${done} of ${total}`),
    onProgress: (url, received, total) => {
      const share = total === undefined ? '' : ` of ${(total / 1e6).toFixed(1)}`
      progress.update(`fetching ${url}: ${(received / 1e6).toFixed(1)}${share} MB`)
    },
  })
  progress.clear()
  return dataset
}

/** The options that a run's configuration stands for. */
export const dataFlagsOf = (config: Config): DataFlags => {
  const { dataDir, size, cropPct, valFraction, badImages, samples } = config
  return {
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(size === undefined ? {} : { size }),
    ...(cropPct === undefined ? {} : { cropPct }),
    ...(valFraction === undefined ? {} : { valFraction }),
    ...(badImages === undefined ? {} : { badImages }),
    ...(samples ? { samples: [samples.train, samples.test] } : {}),
  }
}
