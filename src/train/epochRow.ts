/** One row of a training's metrics, and the best of many. */

import { z } from 'zod'
import type { Best, Metrics } from '../tasks/task.ts'

/** A finished epoch, `epoch` from 1. Columns of metrics are named by split and metric: `testTop1`. */
export interface EpochRow {
  /** From 1. */
  readonly epoch: number
  /** The learning rate that the schedule had come to. */
  readonly learningRate: number
  /** How long the epoch's training took. */
  readonly seconds: number
  /** Of these, how many the step waited for its images; earlier runs did not measure it. */
  readonly waiting?: number | undefined
  /** How many images it was evaluated on; earlier runs did not write it. */
  readonly evaluated?: number | undefined
  readonly [column: `train${string}` | `test${string}`]: number
}

const NEEDED = ['epoch', 'learningRate', 'trainLoss', 'testLoss', 'seconds']

/** Keeps the order of columns, so that rows are written again as they were read. */
export const epochRowSchema = z
  .record(z.string(), z.number())
  .refine(row => NEEDED.every(name => Object.hasOwn(row, name)), {
    message: `expected ${NEEDED.join(', ')}`,
  }) as unknown as z.ZodType<EpochRow>

type MetricSplit = 'train' | 'test'

/** The column of a metric: `test` and `top1` give `testTop1`. */
export const columnOf = <Split extends MetricSplit>(split: Split, metric: string) =>
  `${split}${metric[0].toUpperCase()}${metric.slice(1)}` as `${Split}${string}`

const columns = (
  split: MetricSplit,
  metrics: Metrics,
): Readonly<Record<`${MetricSplit}${string}`, number>> =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [columnOf(split, name), value]))

/** The metrics of a split, by their own names. */
export const metricsOf = (split: MetricSplit, row: EpochRow): Metrics => {
  const own = Object.entries(row).filter(([column]) => column.startsWith(split))
  const metrics = own.map(([column, value]) => {
    const name = column.slice(split.length)
    return [`${name[0].toLowerCase()}${name.slice(1)}`, value]
  })
  return Object.fromEntries(metrics)
}

const CLASSIFICATION: Best = { metric: 'top1', higher: true }

/** The epoch of the highest, or lowest, figure; the first of equals. */
const topRow = (
  history: readonly EpochRow[],
  { metric, higher }: Best = CLASSIFICATION,
): EpochRow | undefined => {
  const column = columnOf('test', metric)
  const better = (a: EpochRow, b: EpochRow): boolean =>
    higher ? a[column] > b[column] : a[column] < b[column]
  return history.reduce<EpochRow | undefined>(
    (best, row) => (best === undefined || better(row, best) ? row : best),
    undefined,
  )
}

/** Below so many validation images, accuracies of epochs differ by chance more than by training. */
const FEW = 1000

/**
 * The epoch whose weights are the run's: that of the best figure, the first of equals. Of few
 * validation images, the last epoch whose accuracy is within one standard error of the highest
 * (Breiman et al. 1984, section 3.4.3): the highest of many noisy figures is chance, and later weights
 * are trained further.
 */
export const bestRow = (
  history: readonly EpochRow[],
  best: Best = CLASSIFICATION,
): EpochRow | undefined => {
  const top = topRow(history, best)
  if (top === undefined || best.metric !== 'top1') return top
  const { evaluated = FEW, testTop1: share } = top
  if (evaluated >= FEW) return top
  const least = share - Math.sqrt((share * (1 - share)) / evaluated)
  return history.findLast(({ testTop1 }) => testTop1 >= least)
}

/** What decides when a training has come to its end. */
interface Ending {
  readonly recipe: { readonly epochs: number; readonly stopAfter?: number | undefined }
  readonly unfreezeAt?: number | undefined
  readonly extended?: readonly { readonly after: number }[] | undefined
}

/**
 * Whether all epochs are trained, or `stopAfter` of them brought nothing better. Epochs count from
 * the best, from where frozen parameters thawed, or from where a run was extended.
 */
export const isFinished = (
  { recipe: { epochs, stopAfter = Number.POSITIVE_INFINITY }, unfreezeAt = 1, extended }: Ending,
  history: readonly EpochRow[],
  best?: Best,
): boolean => {
  const from = Math.max(
    topRow(history, best)?.epoch ?? 0,
    unfreezeAt - 1,
    extended?.at(-1)?.after ?? 0,
  )
  return history.length >= epochs || history.length - from >= stopAfter
}

/** To a thousandth. */
const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000

/** The row of an epoch that has ended, of its times and what training and evaluation measured. */
export const epochRow = (
  at: {
    epoch: number
    learningRate: number
    seconds: number
    waiting: number
    evaluated: number
  },
  trained: Metrics,
  tested: Metrics,
): EpochRow => ({
  epoch: at.epoch,
  learningRate: at.learningRate,
  ...columns('train', trained),
  ...columns('test', tested),
  seconds: rounded(at.seconds),
  waiting: rounded(at.waiting),
  evaluated: at.evaluated,
})
