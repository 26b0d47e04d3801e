/** A training in a run's folder: nobody else's meanwhile, and from its newest checkpoint where it has one. */

import { join } from 'node:path'
import type { Dataset } from '../data/dataset.ts'
import { stepsPerEpoch } from '../data/loader.ts'
import { UsageError } from '../errors/index.ts'
import type { Metrics, Task } from '../tasks/task.ts'
import type { Config } from '../train/config.ts'
import { isFinished } from '../train/epochRow.ts'
import { evaluate } from '../train/evaluate.ts'
import { frozenBy } from '../train/freeze.ts'
import { newProgress, trainingLoop } from '../train/loop.ts'
import { TrainingSession } from '../train/session.ts'
import { taskOf } from '../train/taskOf.ts'
import type { Trained } from '../weights/trained.ts'
import { openCheckpoints } from './checkpoints.ts'
import { lockRun } from './lock.ts'
import { checkNotLost } from './restore.ts'
import { RUN_FILES } from './runFolder.ts'
import { openRunReport } from './runReport.ts'
import { RunSaver } from './saver.ts'
import type { TaskTrainOptions, TrainOptions, TrainResult } from './trainOptions.ts'

/** @throws UsageError when there are too few images for the configuration */
export const checkData = ({
  config,
  train,
  validation,
}: Pick<TrainOptions, 'config' | 'train' | 'validation'>): void => {
  const { batch } = config.recipe
  if (stepsPerEpoch(train, batch) === 0)
    throw new UsageError({
      where: 'recipe.batch',
      expected: `at most ${train.labels.length}, the number of training images`,
      got: `${batch}`,
    })
  if (validation.labels.length === 0)
    throw new UsageError({
      where: `${validation.split} images`,
      expected: 'at least one',
      got: 'none',
    })
}

/** @throws UsageError when the task is another than the configuration's */
const checkTask = ({ task: wanted = 'classification' }: Config, { name }: Task): void => {
  if (wanted !== name)
    throw new UsageError({
      where: 'task',
      expected: wanted,
      got: name,
      hint: 'Give the task that the run was begun for',
    })
}

/**
 * Trains to the end, or until the signal.
 * @throws DivergenceError when a loss or gradient is not finite; the last checkpoint stays.
 * UsageError when another process trains in the folder. FileError when three saves in a row fail,
 * or the last one does.
 */
export const train = async (options: TrainOptions): Promise<TrainResult> => {
  checkData(options)
  const task = options.task ?? taskOf(options.config.recipe)
  checkTask(options.config, task)
  const unlock = await lockRun(options.folder)
  try {
    return await trainLocked({ ...options, task })
  } finally {
    await unlock()
  }
}

/** Lets signals and timers in: a step blocks the event loop while it runs. */
const breathe = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

const trainLocked = async (options: TaskTrainOptions): Promise<TrainResult> => {
  const { config, model, engine, task, signal, firstWeights, resume } = options
  const { recipe, seed, threads, freeze, unfreezeAt, extended } = config
  const { epochs, batch } = recipe
  const [, ...size] = options.train.shape
  if (resume !== undefined) await checkNotLost(options.folder)
  const checkpoints = await openCheckpoints(join(options.folder, RUN_FILES.checkpoints), {
    warn: options.onWarning,
  })
  const frozen = freeze === undefined ? undefined : frozenBy(model, freeze)
  const session = new TrainingSession({
    model,
    size,
    recipe,
    task,
    seed,
    frozen,
    engine,
    threads,
  })
  try {
    const progress = newProgress(task, options.train)
    const saver = new RunSaver(options, session, checkpoints, progress)
    const restored = resume !== undefined && (await saver.restore(resume === 'compatible'))
    if (!restored && firstWeights) await session.begin(await firstWeights())
    const { train, validation, test, normalization } = options
    const data = { train, validation, normalization }
    const report = openRunReport(options)
    const loop = {
      ...{ session, task: report.task, ...data, recipe, seed, unfreezeAt, extended },
      ...{ progress, signal },
    }
    for await (const event of trainingLoop(loop))
      if (event.kind === 'step') {
        const imagesPerSecond = batch / event.seconds
        options.onStep?.({ ...event, epochs, batch, imagesPerSecond })
        await breathe()
        if (!signal?.aborted) await saver.afterStep()
      } else {
        await saver.afterEpoch(event.row)
        await report.afterEpoch(progress.history)
        options.onEpoch?.(event.row, epochs)
      }
    await saver.save()
    const { history } = progress
    const finished = isFinished(config, history, task.best)
    const best = await saver.best()
    const measure = async (test: Dataset, { tensors }: Trained): Promise<Metrics> => {
      await session.begin(tensors)
      return evaluate(test, {
        batch,
        normalization,
        infer: images => session.infer(images),
        accumulator: task.accumulator(test),
      })
    }
    const measured = finished && best && test && (await measure(test, best))
    return { history, finished, best, test: measured || undefined }
  } finally {
    await session.dispose()
  }
}
