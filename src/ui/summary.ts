/** A run in a line of the list: where it stands, out of its lock and the ends of its files. */

import { join } from 'node:path'
import { mean, median } from 'd3-array'
import { messageOf } from '../errors/index.ts'
import { type Holder, holderIn, holderText, LOCK } from '../runs/lock.ts'
import { RUN_FILES } from '../runs/runFolder.ts'
import type { StepRow } from '../runs/stepLog.ts'
import { type Config, checkConfig } from '../train/config.ts'
import { bestRow, columnOf, type EpochRow, epochRowSchema, isFinished } from '../train/epochRow.ts'
import { readConfined } from './confined.ts'
import type { BestEpoch, RunState, RunSummary } from './protocol.ts'
import { lastSteps } from './stepColumns.ts'

const LARGEST_CONFIG = 1e6
const LARGEST_METRICS = 1e8
const LARGEST_LOCK = 1e4
/** Steps whose mean loss and speed are shown: about the last second or two. */
const LATEST = 50
/** So few steps say nothing of how long the others take. */
const FEW_STEPS = 20

/** What the summary is made of. */
export interface RunFacts {
  readonly config: Config
  readonly history: readonly EpochRow[]
}

/** @throws FileError or UsageError where something is missing, damaged or not a plain file */
export const readFacts = async (run: string): Promise<RunFacts> => {
  const path = join(run, RUN_FILES.config)
  const text = (await readConfined(run, RUN_FILES.config, LARGEST_CONFIG)) ?? ''
  const lines = (await readConfined(run, RUN_FILES.lines, LARGEST_METRICS)) ?? ''
  const rows = lines.split('\n').filter(line => line !== '')
  return {
    config: checkConfig(JSON.parse(text), path),
    history: rows.map(line => epochRowSchema.parse(JSON.parse(line))),
  }
}

/** Who trains a run now, and whether somebody's lock was left behind. */
export const readHolder = async (
  run: string,
): Promise<{ readonly holder?: Holder | undefined; readonly isStale: boolean }> => {
  const text = await readConfined(run, LOCK, LARGEST_LOCK)
  if (text === undefined) return { isStale: false }
  const holder = holderIn(join(run, LOCK), text)
  return { holder, isStale: holder === undefined }
}

const bestOf = (history: readonly EpochRow[]): BestEpoch | undefined => {
  const hasTop1 = history.every(row => row.testTop1 !== undefined)
  const metric = hasTop1 ? 'top1' : 'loss'
  const row = bestRow(history, { metric, higher: hasTop1 })
  return (
    row && {
      epoch: row.epoch,
      metric,
      value: row[columnOf('test', metric)],
      images: row.evaluated,
    }
  )
}

/** What the last steps say: how many are done, how fast they go and how long the others take. */
const paceOf = (rows: readonly StepRow[], { recipe }: Config) => {
  const last = rows.at(-1)
  if (last === undefined) return {}
  const steps = Math.round(last.step / last.epoch)
  const latest = rows.slice(-LATEST)
  // Of a whole epoch, so that its evaluation counts.
  const each = mean(rows.slice(-steps), ({ seconds }) => seconds) ?? Number.NaN
  return {
    step: last.step,
    steps,
    loss: mean(latest, ({ loss }) => loss),
    imagesPerSecond: recipe.batch / (median(latest, ({ seconds }) => seconds) ?? Number.NaN),
    secondsLeft:
      rows.length < FEW_STEPS ? undefined : Math.max(0, recipe.epochs * steps - last.step) * each,
  }
}

const stateOf = (
  { config, history }: RunFacts,
  holder: Holder | undefined,
  isStale: boolean,
): RunState => {
  if (holder !== undefined) return 'running'
  if (isFinished(config, history)) return 'finished'
  return isStale ? 'died' : 'stopped'
}

/** What of a summary its files do not say. */
type Known = Pick<RunSummary, 'id' | 'name' | 'changed' | 'version'>

/** The summary of a run; of one that cannot be read, why. */
export const summaryOf = async (run: string, known: Known): Promise<RunSummary> => {
  try {
    const facts = await readFacts(run)
    const { holder, isStale } = await readHolder(run)
    const { config, history } = facts
    const state = stateOf(facts, holder, isStale)
    const { secondsLeft, imagesPerSecond, ...pace } = paceOf(await lastSteps(run), config)
    const isRunning = state === 'running'
    return {
      ...known,
      state,
      model: config.model,
      attention: config.attention,
      data: config.data,
      epoch: history.length,
      epochs: config.recipe.epochs,
      stopsEarly: config.recipe.stopAfter !== undefined,
      loss: history.at(-1)?.trainLoss,
      ...pace,
      best: bestOf(history),
      imagesPerSecond: isRunning ? imagesPerSecond : undefined,
      secondsLeft: isRunning ? secondsLeft : undefined,
      holder: holder && `${holderText(holder)} since ${holder.since}`,
    }
  } catch (cause) {
    return { ...known, state: 'unreadable', epoch: 0, epochs: 0, problem: messageOf(cause) }
  }
}
