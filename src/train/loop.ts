/** The training loop: epochs of steps, each epoch evaluated at its end. */

import type { Dataset } from '../data/dataset.ts'
import { stepsPerEpoch, trainingBatches } from '../data/loader.ts'
import type { Normalization } from '../data/normalization.ts'
import { DivergenceError } from '../errors/index.ts'
import type { Accumulator, Metrics, Task, TaskMemory } from '../tasks/task.ts'
import type { Config, Recipe } from './config.ts'
import { type EpochRow, epochRow, isFinished } from './epochRow.ts'
import { evaluate } from './evaluate.ts'
import { learningRate } from './schedule.ts'
import type { TrainingSession } from './session.ts'

/** Where a training stands: with the session's weights and slots, all that it needs to go on. */
export interface Progress {
  /** Steps done. */
  step: number
  /** The metrics of the epoch under way, the seconds spent in it, and how many of these waiting for images. */
  metrics: Accumulator
  /** Seconds spent in the epoch under way. */
  seconds: number
  /** How many of these were waits for images. */
  waiting: number
  /** What the task's last evaluation has learned. */
  memory?: TaskMemory | undefined
  /** The epochs that have ended. */
  readonly history: EpochRow[]
}

export interface LoopOptions {
  readonly session: TrainingSession
  readonly task: Task
  readonly train: Dataset
  /** Evaluated at the end of every epoch. */
  readonly validation: Dataset
  readonly normalization: Normalization
  readonly recipe: Recipe
  readonly seed: number
  /** The epoch (the first is 1) from which on nothing is frozen. */
  readonly unfreezeAt?: number | undefined
  /** Where the number of epochs was changed: early stopping counts from there. */
  readonly extended?: Config['extended']
  /** Where to go on; the loop keeps it up to date, for whoever saves between two events. */
  readonly progress: Progress
  /** Ends the loop after the step under way. */
  readonly signal?: AbortSignal | undefined
}

/** A step that has been made. */
export interface StepEvent {
  /** Tells events apart. */
  readonly kind: 'step'
  /** From 1. */
  readonly epoch: number
  /** Steps done in the epoch, and how many it has. */
  readonly step: number
  /** How many steps the epoch has. */
  readonly steps: number
  /** Means over the epoch so far. */
  readonly metrics: Metrics
  /** The learning rate of the step. */
  readonly learningRate: number
  /** Seconds since the step before: its data, and whatever happened between two events, included. */
  readonly seconds: number
}

/** An epoch that has ended, and was evaluated. */
export interface EpochEvent {
  /** Tells events apart. */
  readonly kind: 'epoch'
  /** What is written down of the epoch. */
  readonly row: EpochRow
}

/** The progress of a training that has not begun. */
export const newProgress = (task: Task, train: Dataset): Progress => ({
  step: 0,
  metrics: task.training?.(train) ?? task.accumulator(train),
  seconds: 0,
  waiting: 0,
  history: [],
})

const diverged = (epoch: number, loss: number): DivergenceError =>
  new DivergenceError({
    where: `evaluation after epoch ${epoch}`,
    expected: 'a finite loss',
    got: `${loss}`,
    hint: 'The weights are finite, but too large to compute with: train with a lower learning rate',
  })

/**
 * Trains from where the progress stands to the end, or until the signal.
 * @throws DivergenceError when a step or a loss is not finite
 */
export async function* trainingLoop(
  options: LoopOptions,
): AsyncGenerator<StepEvent | EpochEvent, void, void> {
  const { session, task, train, validation, normalization, recipe, seed, progress, signal } =
    options
  const { unfreezeAt = Number.POSITIVE_INFINITY } = options
  const { batch, epochs } = recipe
  const { history } = progress
  const steps = stepsPerEpoch(train, batch)
  const rate = (): number =>
    learningRate(recipe.learningRate, recipe.schedule, recipe.warmUp, {
      step: progress.step,
      stepsPerEpoch: steps,
      epochs,
      losses: history.map(({ testLoss }) => testLoss),
    })
  while (!isFinished(options, history, task.best)) {
    const epoch = history.length
    const first = epoch * steps
    const batches = trainingBatches(train, {
      batch,
      parts: session.parts,
      seed,
      epoch,
      augmentation: recipe.augment,
      sampling: recipe.sampling,
      mixing: recipe.mixing,
      normalization,
      start: progress.step - first,
    })
    let before = performance.now()
    let asked = before
    /** As all processes know it: they have to stop after the same step. */
    let stop = false
    for await (const images of batches) {
      progress.waiting += (performance.now() - asked) / 1000
      const learningRate = rate()
      const at = {
        step: progress.step,
        learningRate,
        freezeBatchNorm: epoch >= epochs - recipe.freezeBatchNormEpochs,
        freeze: epoch + 1 < unfreezeAt,
        stop: signal?.aborted,
      }
      const targets = task.encode(train, images)
      if (images.more) {
        await session.add(images, targets, at)
        asked = performance.now()
        continue
      }
      const done = await session.step(images, targets, at)
      progress.metrics.add(done.outputs, images.whole ?? images)
      progress.step++
      const now = performance.now()
      const seconds = (now - before) / 1000
      progress.seconds += seconds
      before = now
      yield {
        kind: 'step',
        epoch: epoch + 1,
        step: progress.step - first,
        steps,
        metrics: progress.metrics.metrics(),
        learningRate,
        seconds,
      }
      stop = session.places === undefined ? (signal?.aborted ?? false) : done.stop
      if (stop && progress.step < first + steps) return
      asked = performance.now()
    }
    const accumulator = task.accumulator(validation)
    const tested = await evaluate(validation, {
      batch: session.batch,
      places: session.places,
      normalization,
      infer: images => session.infer(images),
      accumulator,
    })
    if (!Number.isFinite(tested.loss)) throw diverged(epoch + 1, tested.loss)
    const { seconds, waiting, metrics } = progress
    const row = epochRow(
      {
        epoch: epoch + 1,
        learningRate: rate(),
        seconds,
        waiting,
        evaluated: validation.labels.length,
      },
      metrics.metrics(),
      tested,
    )
    history.push(row)
    progress.memory = accumulator.learned?.()
    Object.assign(progress, { ...newProgress(task, train), step: progress.step, history })
    yield { kind: 'epoch', row }
    if (session.places === undefined ? signal?.aborted : stop) return
  }
}
