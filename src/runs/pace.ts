/** How long a training takes: a few steps of it, measured on this machine. */

import type { Dataset } from '../data/dataset.ts'
import { evaluationBatches, stepsPerEpoch, trainingBatches } from '../data/loader.ts'
import { measureNormalization } from '../data/normalization.ts'
import type { Engine } from '../engines/engine.ts'
import { networkOf } from '../models/registry.ts'
import { secondsOf, spreadOf } from '../stats/clock.ts'
import type { Config } from '../train/config.ts'
import { TrainingSession } from '../train/session.ts'
import { taskOf } from '../train/taskOf.ts'

/** The seconds that parts of a training take. */
export interface Pace {
  /** Building, compiling and what else the first step takes longer than others. */
  readonly start: number
  /** One step, its batch included. */
  readonly step: number
  /** One batch of an evaluation. */
  readonly evaluation: number
}

/** The first step and evaluation are slower: their graphs are compiled in them, memory laid out. */
const WARM_UP = 1
const MEASURED = 3

/** Measures a training, whose weights are then thrown away. */
export const measurePace = async (
  { config }: { readonly config: Config },
  engine: Engine,
  train: Dataset,
  test: Dataset,
): Promise<Pace> => {
  const { recipe, seed, threads } = config
  const { batch } = recipe
  const [, ...size] = train.shape
  const task = taskOf(config, train)
  const normalization = await measureNormalization(train)
  const before = performance.now()
  const session = new TrainingSession({
    model: networkOf(config, { classes: train.classes.length, channels: train.shape[0] }),
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
      parts: session.parts,
      seed,
      epoch: 0,
      augmentation: recipe.augment,
      normalization,
    })
    const steps: number[] = []
    for (let step = 0; step < WARM_UP + MEASURED; step++)
      steps.push(
        await secondsOf(async () => {
          // A rate of next to nothing: only the time counts.
          const at = { step, learningRate: 1e-9 }
          let { value } = await batches.next()
          for (; value?.more; { value } = await batches.next())
            await session.add(value, task.encode(train, value), at)
          if (value) await session.step(value, task.encode(train, value), at)
        }),
      )
    const tests = evaluationBatches(test, { batch: session.batch, normalization })
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

/** Seconds of so many epochs. */
export const secondsAt = (
  { start, step, evaluation }: Pace,
  { epochs, batch, accumulate = 1 }: Pick<Config['recipe'], 'epochs' | 'batch' | 'accumulate'>,
  train: Dataset,
  validation: Dataset,
): number =>
  start +
  epochs *
    (stepsPerEpoch(train, batch) * step +
      Math.ceil((validation.labels.length * accumulate) / batch) * evaluation)
