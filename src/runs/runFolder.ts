/** A run is a folder: its configuration, metrics, checkpoints, weights and the network as ONNX. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { FileError, messageOf, UsageError } from '../errors/index.ts'
import type { Model } from '../models/registry.ts'
import {
  codeOf,
  disk,
  exists,
  readText,
  readWhole,
  writeFileAtomic,
} from '../platform/node/files.ts'
import { type Config, checkConfig } from '../train/config.ts'
import { type EpochRow, epochRowSchema } from '../train/epochRow.ts'
import { fileKind } from '../weights/fileKinds.ts'
import { isSafetensors } from '../weights/readWeights.ts'
import { readTrained, type Trained } from '../weights/trained.ts'
import { lockRun } from './lock.ts'

const LARGEST_CONFIG = 1e6
const LARGEST_METRICS = 1e8

export const RUN_FILES = {
  config: 'config.json',
  table: 'metrics.csv',
  lines: 'metrics.jsonl',
  /** Every step, as it is made. */
  steps: 'steps.jsonl',
  checkpoints: 'checkpoints',
  /** The weights of the epoch with the highest validation accuracy, and those of the last. */
  best: 'best.safetensors',
  last: 'last.safetensors',
  onnx: 'model.onnx',
  /** How the best weights do on test images that decided nothing. */
  test: 'test.json',
  /** The page about it, of every epoch that has ended. */
  report: 'report.html',
  /** What the report says the network gets wrong, as data. */
  review: 'review.json',
  /** What the training said that `excite ui` went on with. */
  log: 'resume.log',
  /** The images that were skipped or replaced, and files that were left out. */
  bad: 'bad-images.json',
} as const

/** @throws UsageError when the folder already holds a run, or somebody is making one there now */
export const createRun = async (folder: string, config: Config): Promise<void> => {
  const path = join(folder, RUN_FILES.config)
  const unlock = await lockRun(folder)
  try {
    if (await exists(path))
      throw new UsageError({
        where: folder,
        expected: 'a folder without a run',
        got: 'one that has a run already',
        hint: 'Resume that run, or choose another folder with `out`',
      })
    await writeFileAtomic(path, `${JSON.stringify(config, null, 2)}\n`)
  } finally {
    await unlock()
  }
}

/** @throws FileError or UsageError when there is no run, or its configuration is not valid */
export const readRun = async (folder: string): Promise<Config> => {
  const path = join(folder, RUN_FILES.config)
  const text = await readText(path, LARGEST_CONFIG).catch((cause: unknown) => {
    if (cause instanceof FileError) throw cause
    throw new UsageError(
      {
        where: folder,
        expected: `the folder of a run, with ${RUN_FILES.config}`,
        got: existsSync(folder) ? 'one without' : 'no such folder',
        hint: 'Runs are in runs/, or where `out` put them',
      },
      { cause },
    )
  })
  try {
    return checkConfig(JSON.parse(text), path)
  } catch (cause) {
    // What is nested a hundred thousand deep ends the stack of whoever looks at it.
    if (!(cause instanceof SyntaxError || cause instanceof RangeError)) throw cause
    const got = cause instanceof RangeError ? 'values nested too deep' : messageOf(cause)
    throw new FileError({ where: path, expected: 'JSON', got }, { cause })
  }
}

/** Writes the metrics of all finished epochs, whole each time: so a resumed run has no stray lines. */
export const writeMetrics = async (folder: string, rows: readonly EpochRow[]): Promise<void> => {
  if (rows.length === 0) return
  // The newest row has all columns: earlier versions wrote fewer.
  const columns = Object.keys(rows[rows.length - 1])
  const cells = rows.map(row => new Map(Object.entries(row)))
  const csv = [columns, ...cells.map(row => columns.map(name => row.get(name)))]
  const write = (name: string, lines: readonly string[]): Promise<void> =>
    writeFileAtomic(join(folder, name), lines.map(line => `${line}\n`).join(''))
  await write(RUN_FILES.table, csv.map(String))
  await write(
    RUN_FILES.lines,
    rows.map(row => JSON.stringify(row)),
  )
}

/**
 * The metrics of the finished epochs; none before the first has ended.
 * @throws FileError when they are damaged
 */
export const readMetrics = async (folder: string): Promise<readonly EpochRow[]> => {
  const path = join(folder, RUN_FILES.lines)
  try {
    return (await readText(path, LARGEST_METRICS))
      .trim()
      .split('\n')
      .map(line => epochRowSchema.parse(JSON.parse(line)))
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return []
    if (cause instanceof FileError && cause.where === path) throw cause
    throw new FileError(
      { where: path, expected: 'a finished epoch in every line', got: 'something else' },
      { cause },
    )
  }
}

/** The first of the runs that lie in a folder, such as a study's; none where it is none. */
const runWithin = async (folder: string): Promise<string | undefined> => {
  const names = (await disk.readdir(folder)).sort()
  return names.find(name => existsSync(join(folder, name, RUN_FILES.config)))
}

/**
 * The trained network of a run's folder, or of a file of weights.
 * @param own - the network, where it is not one that a registry can build
 * @throws UsageError when there is none; FileError or WeightError when it is damaged
 */
export const loadTrained = async (
  path: string,
  which: 'best' | 'last' = 'best',
  own?: Model,
): Promise<Trained> => {
  const isFolder = await disk.stat(path).then(
    found => found.isDirectory(),
    () => false,
  )
  const file = isFolder ? join(path, RUN_FILES[which]) : path
  const within = isFolder && !existsSync(file) ? await runWithin(path) : undefined
  if (within !== undefined)
    throw new UsageError({
      where: path,
      expected: 'the folder of one run',
      got: 'a folder of runs',
      hint: `Give one of them, such as ${join(path, within)}`,
    })
  const bytes = await readWhole(file).catch((cause: unknown) => {
    if (cause instanceof FileError) throw cause
    throw new UsageError(
      {
        where: file,
        expected: 'the weights of a trained network',
        got: isFolder ? 'a folder without any' : 'no such file',
        hint: isFolder
          ? 'They are written after the first epoch. Resume the run'
          : 'Give the folder of a run, or a .safetensors file out of one',
      },
      { cause },
    )
  })
  if (!isSafetensors(bytes)) {
    const kind = fileKind(bytes)
    throw new FileError({
      where: file,
      expected: 'the weights of a trained network, in safetensors',
      got: kind?.name ?? 'something else',
      hint: kind?.hint ?? 'Give the folder of a run, or best.safetensors out of one',
    })
  }
  return readTrained(bytes, file, own)
}

/** `base`, or the first of `base-2`, `base-3`, … that does not exist yet. */
export const freeFolder = (base: string): string => {
  for (let n = 1; ; n++) {
    const folder = n === 1 ? base : `${base}-${n}`
    if (!existsSync(folder)) return folder
  }
}
