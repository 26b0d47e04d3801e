/** The images that a trained network is asked about: those of its run, or another set like it. */

import { existsSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Dataset, Split } from '../data/dataset.ts'
import { imagesOptionsOf } from '../data/imagesRecord.ts'
import { formatShape, UsageError } from '../errors/index.ts'
import type { Config } from '../train/config.ts'
import type { Card } from '../weights/trained.ts'
import { type DataFlags, openSplit } from './dataOptions.ts'

export interface RunDataFlags extends DataFlags {
  readonly data?: string
}

/** How the images of a folder are read for a network: as its classifier reads them. */
export const readAs = ({
  height,
  cropPct = 1,
  background,
  task = 'classification',
}: Card): DataFlags => ({
  task,
  size: height,
  cropPct,
  background,
})

/** The configuration of the run that a network lies in, whose images these are. */
export const runOf = async (path: string, data?: string): Promise<Config | undefined> => {
  const { readRun, RUN_FILES } = await import('../runs/runFolder.ts')
  // Weights lie in their run's folder.
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : dirname(path)
  if (!existsSync(join(folder, RUN_FILES.config))) return undefined
  const config = await readRun(folder)
  const isOwn = data === undefined || config.data === data || config.data === resolve(data)
  return isOwn ? config : undefined
}

/**
 * Opens the dataset of `--data`, or else of the run: the split that was asked for, or the images that
 * it is evaluated on; of a folder that it was not trained on, all.
 * @throws UsageError when its images or classes are not those the network was trained on
 */
export const openRunData = async (
  path: string,
  card: Card,
  wanted: Split | undefined,
  flags: RunDataFlags,
  quiet: boolean,
): Promise<{ readonly name: string; readonly dataset: Dataset }> => {
  const { isFolder } = await import('../data/registry.ts')
  const config = await runOf(path, flags.data)
  const name = flags.data ?? config?.data
  if (name === undefined)
    throw new UsageError({
      where: '--data',
      expected: `a dataset, since ${path} has no config.json, which would name it`,
      got: 'missing',
      hint: 'For example: --data ./images',
    })
  const split = wanted ?? (config === undefined && isFolder(name) ? 'all' : 'validation')
  const options = { ...(config && imagesOptionsOf(config)), ...readAs(card), classes: card.classes }
  const dataset = await openSplit(name, split, { ...options, ...flags }, quiet)
  const own = [card.channels, card.height, card.width]
  if (own.join() !== dataset.shape.join() || card.classes.join() !== dataset.classes.join())
    throw new UsageError({
      where: `--data ${name}`,
      expected: `images ${formatShape(own)} of ${card.classes.length} classes (${card.classes.slice(0, 3).join(', ')}, …), as the network was trained on`,
      got: `${formatShape(dataset.shape)}, ${dataset.classes.length} classes (${dataset.classes.slice(0, 3).join(', ')}, …)`,
    })
  return { name, dataset }
}
