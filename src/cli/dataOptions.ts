/** The options that say where pictures come from, shared by the commands that need some. */

import { type Command, Option } from 'commander'
import type { Dataset, Split } from '../data/dataset.ts'
import { UsageError } from '../errors.ts'
import { progressLine } from './progressLine.ts'

export interface DataFlags {
  readonly dataDir?: string
  readonly cacheDir?: string
  readonly samples?: readonly [train: number, test: number]
  readonly size?: number
}

/** A whole number of at least `least`, as commander parses options. */
export const whole =
  (flag: string, least = 1) =>
  (text: string): number => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= least) return value
    throw new UsageError({ where: flag, expected: `a whole number from ${least}`, got: text })
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
    .option('--size <pixels>', 'height and width of a procedural set', whole('--size', 8))

/** Opens one half of a dataset, showing downloads. */
export const openSplit = async (
  name: string,
  split: Split,
  { dataDir, cacheDir, samples, size }: DataFlags,
  quiet = false,
): Promise<Dataset> => {
  const { openDataset } = await import('../data/registry.ts')
  const progress = progressLine(quiet)
  const dataset = await openDataset(name, {
    split,
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(cacheDir === undefined ? {} : { cacheDir }),
    ...(samples === undefined ? {} : { count: samples[split === 'train' ? 0 : 1] }),
    ...(size === undefined ? {} : { size }),
    onProgress: (url, received, total) => {
      const share = total === undefined ? '' : ` of ${(total / 1e6).toFixed(1)}`
      progress.update(`fetching ${url}: ${(received / 1e6).toFixed(1)}${share} MB`)
    },
  })
  progress.clear()
  return dataset
}
