/** How long a study will take: a few steps of each variant, measured on this machine. */

import type { Dataset } from '../data/dataset.ts'
import { evaluationBatches, stepsPerEpoch, trainingBatches } from '../data/loader.ts'
import { measureNormalization } from '../data/normalization.ts'
import type { Engine } from '../engines/engine.ts'
import { secondsOf, spreadOf } from '../stats/clock.ts'
import type { EpochRow } from '../train/epochRow.ts'
import { TrainingSession } from '../train/session.ts'
import { taskOf } from '../train/taskOf.ts'
import { networkFor } from './networks.ts'
import type { Plan, PlannedRun } from './plan.ts'
import { progressOf } from './progress.ts'

export interface Pace {
  /** Building, compiling and what else the first step takes longer than others. */
  readonly start: number
  /** One step, its batch included. */
  readonly step: number
  /** One batch of an evaluation. */
  readonly evaluation: number
}

export interface VariantForecast {
  readonly id: string
  readonly name: string
  /** In seconds. */
  readonly pace: Pace
  /** One whole run. */
  readonly run: number
  /** Epochs that are still to be trained, over all seeds. */
  readonly epochsLeft: number
  /** What is left, over all seeds, if run one after the other. */
  readonly left: number
}

export interface Forecast {
  readonly variants: readonly VariantForecast[]
  readonly jobs: number
  /** Seconds for what is left, with so many at a time. */
  readonly total: number
}

/** The first step and evaluation are slower: their graphs are compiled in them, memory laid out. */
const WARM_UP = 1
const MEASURED = 3

/** Measures one variant. */
export const measurePace = async (
  { config }: PlannedRun,
  engine: Engine,
  train: Dataset,
  test: Dataset,
): Promise<Pace> => {
  const { recipe, seed, threads } = config
  const { batch } = recipe
  const [, ...size] = train.shape
  const task = taskOf(recipe)
  const normalization = await measureNormalization(train)
  const before = performance.now()
  const session = new TrainingSession({
    model: networkFor(config, train),
    size,
    recipe,
    seed,
    engine,
    task,
    threads,
  })
  const opened = (performance.now() - before) / 1000
  try {
    const batches = trainingBatches(train, {
      batch,
      seed,
      epoch: 0,
      augmentation: recipe.augment,
      normalization,
    })
    const steps: number[] = []
    for (let step = 0; step < WARM_UP + MEASURED; step++)
      steps.push(
        await secondsOf(async () => {
          const { value, done } = await batches.next()
          // A rate of next to nothing: only the time counts.
          if (!done)
            await session.step(value, task.encode(train, value), { step, learningRate: 1e-9 })
        }),
      )
    const tests = evaluationBatches(test, { batch, normalization })
    const evaluations: number[] = []
    for (let i = 0; i < WARM_UP + 2; i++)
      evaluations.push(
        await secondsOf(async () => {
          const { value, done } = await tests.next()
          if (!done) await session.infer(value.images)
        }),
      )
    const measured = steps.slice(WARM_UP, Math.max(WARM_UP + 1, stepsPerEpoch(train, batch)))
    const { median: step } = spreadOf(measured)
    const evaluation = Math.max(...evaluations.slice(WARM_UP))
    const more = Math.max(steps[0] - step, 0) + Math.max(evaluations[0] - evaluation, 0)
    return { start: opened + more, step, evaluation }
  } finally {
    await session.dispose()
  }
}

export interface ForecastOptions {
  readonly jobs: number
  readonly train: Dataset
  readonly test: Dataset
  measure(run: PlannedRun): Promise<Pace>
  onVariant?(name: string): void
}

const epochsLeft = (history: readonly EpochRow[], epochs: number): number =>
  Math.max(0, epochs - history.length)

export const forecast = async (
  { variants, runs, recipe }: Plan,
  { jobs, train, test, measure, onVariant }: ForecastOptions,
): Promise<Forecast> => {
  const steps = stepsPerEpoch(train, recipe.batch)
  const evaluations = Math.ceil(test.labels.length / recipe.batch)
  const rows: VariantForecast[] = []
  const left: number[] = []
  for (const variant of variants) {
    onVariant?.(variant.name)
    const own = runs.filter(run => run.variant === variant)
    const pace = await measure(own[0])
    const epoch = steps * pace.step + evaluations * pace.evaluation
    const remaining = await Promise.all(
      own.map(async run => {
        const { finished, history } = await progressOf(run)
        return finished ? undefined : epochsLeft(history, recipe.epochs)
      }),
    )
    const times = remaining.flatMap(count =>
      count === undefined ? [] : [pace.start + count * epoch],
    )
    left.push(...times)
    rows.push({
      id: variant.id,
      name: variant.name,
      pace,
      run: pace.start + recipe.epochs * epoch,
      epochsLeft: remaining.reduce<number>((sum, count = 0) => sum + count, 0),
      left: times.reduce((sum, time) => sum + time, 0),
    })
  }
  const sum = left.reduce((total, time) => total + time, 0)
  return { variants: rows, jobs, total: Math.max(sum / jobs, ...left, 0) }
}
