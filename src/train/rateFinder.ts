/**
 * The learning-rate range test (Smith, arXiv:1506.01186): the rate grows by one factor from step to
 * step, and the loss says from where on it is too large.
 */

import type { Dataset } from '../data/dataset.ts'
import { trainingBatches } from '../data/loader.ts'
import type { Normalization } from '../data/normalization.ts'
import { DivergenceError } from '../errors/index.ts'
import type { Task } from '../tasks/task.ts'
import type { Recipe } from './config.ts'
import type { TrainingSession } from './session.ts'

/** One step of the test. */
export interface RateTrial {
  /** The learning rate of the step. */
  readonly rate: number
  /** The loss before the step. */
  readonly loss: number
  /** A running average of the losses so far, which a rate is judged by. */
  readonly smoothed: number
}

/** What rates are tried on. */
export interface RateTest {
  readonly session: TrainingSession
  readonly task: Task
  readonly train: Dataset
  readonly normalization: Normalization
  readonly recipe: Recipe
  readonly seed: number
  /** The first and the last rate. */
  readonly from: number
  readonly to: number
  /** How many steps lie between them, both ends counted. */
  readonly steps: number
}

/** How much of the average stays at each step. */
const KEPT = 0.9
/** A loss of so many times the lowest ends the test. */
const TOO_LARGE = 4

async function* endlessBatches({ session, train, normalization, recipe, seed }: RateTest) {
  const { batch, augment, sampling, mixing } = recipe
  const { parts } = session
  const options = { batch, parts, seed, augmentation: augment, sampling, mixing, normalization }
  for (let epoch = 0; ; epoch++) yield* trainingBatches(train, { ...options, epoch })
}

/** Tries the rates, and ends early where the loss runs away, or is no longer finite. */
export async function* rateTrials(test: RateTest): AsyncGenerator<RateTrial> {
  const { session, task, train, from, to, steps } = test
  const batches = endlessBatches(test)
  let [average, lowest] = [0, Number.POSITIVE_INFINITY]
  try {
    for (let step = 0; step < steps; step++) {
      const learningRate = from * (to / from) ** (step / (steps - 1))
      let { value } = await batches.next()
      for (; value?.more; { value } = await batches.next())
        await session.add(value, task.encode(train, value), { step, learningRate })
      if (value === undefined) return
      const { loss } = await session.step(value, task.encode(train, value), { step, learningRate })
      average = KEPT * average + (1 - KEPT) * loss
      const smoothed = average / (1 - KEPT ** (step + 1))
      yield { rate: learningRate, loss, smoothed }
      lowest = Math.min(lowest, smoothed)
      if (smoothed > TOO_LARGE * lowest) return
    }
  } catch (error) {
    // What comes after the last rate that can be computed with needs no trial.
    if (!(error instanceof DivergenceError)) throw error
  } finally {
    await batches.return(undefined)
  }
}

/** After so many steps the average is one of enough losses; of a short test a quarter has to do. */
const SETTLED = 10

/** So many times less than where the loss was lowest: there it is about to rise again. */
const MARGIN = 10

/**
 * A rate to train with: where the averaged loss falls fastest, as the rate grows, but no more than a
 * tenth of where it is lowest. Undefined where it never falls.
 */
export const suggestedRate = (trials: readonly RateTrial[]): number | undefined => {
  const settled = trials.slice(Math.min(SETTLED, Math.floor(trials.length / 4)))
  const lowest = settled.reduce(
    (best, one) => (one.smoothed < best.smoothed ? one : best),
    settled[0],
  )
  const before = settled.slice(0, settled.indexOf(lowest) + 1)
  if (before.length < 3) return undefined
  const fall = (i: number): number => before[i + 1].smoothed - before[i - 1].smoothed
  const inner = before.slice(1, -1).map((_, i) => i + 1)
  const steepest = inner.reduce((best, i) => (fall(i) < fall(best) ? i : best), inner[0])
  return fall(steepest) < 0 ? Math.min(before[steepest].rate, lowest.rate / MARGIN) : undefined
}
