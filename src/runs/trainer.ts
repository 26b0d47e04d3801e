/** A training in a run's folder: nobody else's meanwhile, and from its newest checkpoint where it has one. */

import { join } from 'node:path'
import type { Dataset } from '../data/dataset.ts'
import { stepsPerEpoch } from '../data/loader.ts'
import { UsageError } from '../errors/index.ts'
import { alone, type Communicator } from '../machines/communicator.ts'
import type { Metrics, Task } from '../tasks/task.ts'
import type { Config } from '../train/config.ts'
import { isFinished } from '../train/epochRow.ts'
import { evaluate } from '../train/evaluate.ts'
import { frozenBy } from '../train/freeze.ts'
import { newProgress, type Progress, trainingLoop } from '../train/loop.ts'
import { TrainingSession } from '../train/session.ts'
import { taskOf } from '../train/taskOf.ts'
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
  communicator = alone,
}: Pick<TrainOptions, 'config' | 'train' | 'validation' | 'communicator'>): void => {
  const { batch, accumulate = 1, mixing, augment } = config.recipe
  if (augment.scaleJitter !== undefined && train.objects === undefined)
    throw new UsageError({
      where: 'recipe.augment.scaleJitter',
      expected: 'images with objects: it is for detectors',
      got: `${train.name}, which has none`,
      hint: 'For others there is `recipe.augment.resizedCrop`',
    })
  if (stepsPerEpoch(train, batch) === 0)
    throw new UsageError({
      where: 'recipe.batch',
      expected: `at most ${train.labels.length}, the number of training images`,
      got: `${batch}`,
    })
  const { size } = communicator
  const shares = size * accumulate
  const isOdd = (batch / shares) % 2 === 1
  if (batch % shares !== 0 || (isOdd && shares > 1 && mixing !== undefined))
    throw new UsageError({
      where: 'recipe.batch',
      expected: `a multiple of ${isOdd ? 2 * shares : shares}: ${[...(size > 1 ? [`${size} processes`] : []), ...(accumulate > 1 ? [`${accumulate} parts`] : [])].join(' by ')} share it alike${isOdd ? ', and mixing needs pairs' : ''}`,
      got: `${batch}`,
    })
  if (config.recipe.sampling === 'balanced' && (train.values ?? train.objects))
    throw new UsageError({
      where: 'recipe.sampling',
      expected: 'shuffle: what is balanced are images of one class each',
      got: 'balanced',
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
  const task = options.task ?? taskOf(options.config, options.train)
  checkTask(options.config, task)
  const { communicator = alone } = options
  const unlock = await communicator.onFirst(() => lockRun(options.folder))
  try {
    return await trainLocked({ ...options, task, communicator })
  } finally {
    await unlock?.()
  }
}

/** Lets signals and timers in: a step blocks the event loop while it runs. */
const breathe = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Opens what keeps the run in its folder. */
const openSaver = async (
  options: TaskTrainOptions,
  session: TrainingSession,
  progress: Progress,
): Promise<RunSaver> => {
  if (options.resume !== undefined) await checkNotLost(options.folder)
  const path = join(options.folder, RUN_FILES.checkpoints)
  const checkpoints = await openCheckpoints(path, { warn: options.onWarning })
  return new RunSaver(options, session, checkpoints, progress)
}

/** Gives all processes what the first has restored. */
const shareRestored = async (
  communicator: Communicator,
  session: TrainingSession,
  progress: Progress,
  restored: boolean,
): Promise<boolean> => {
  const { metrics, history, ...counts } = progress
  const own = JSON.stringify({ restored, counts, sums: metrics.gathered(), history })
  const [first] = await communicator.gather(own)
  const known = JSON.parse(first)
  if (!known.restored) return false
  await session.share()
  if (communicator.rank === 0) return true
  Object.assign(progress, known.counts)
  metrics.merge(known.sums)
  history.push(...known.history)
  return true
}

const trainLocked = async (
  options: TaskTrainOptions & { readonly communicator: Communicator },
): Promise<TrainResult> => {
  const { config, model, engine, task, signal, firstWeights, resume, communicator } = options
  const { recipe, seed, threads, freeze, unfreezeAt, extended } = config
  const { epochs, batch } = recipe
  const [, ...size] = options.train.shape
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
    communicator,
  })
  let opened: RunSaver | undefined
  try {
    const progress = newProgress(task, options.train)
    const saver = await communicator.onFirst(() => openSaver(options, session, progress))
    opened = saver
    /** Done by the first process alone. */
    const keep = <Result>(work: (saver: RunSaver) => Promise<Result>) =>
      saver && communicator.onFirst(() => work(saver))
    if (resume !== undefined) {
      const restored = await keep(saver => saver.restore(resume === 'compatible'))
      if (!(await shareRestored(communicator, session, progress, restored ?? false)))
        if (firstWeights) await session.begin(await firstWeights())
    } else if (firstWeights) await session.begin(await firstWeights())
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
        await keep(saver => saver.afterStep(event))
      } else {
        await keep(saver => saver.afterEpoch(event.row))
        await keep(() => report.afterEpoch(progress.history))
        await options.onEpoch?.(event.row, epochs)
      }
    await keep(saver => saver.save())
    const { history } = progress
    const finished = isFinished(config, history, task.best)
    const best = await keep(saver => saver.best())
    const measure = async (test: Dataset): Promise<Metrics> => {
      if (best) await session.begin(best.tensors)
      await session.share()
      return evaluate(test, {
        batch: session.batch,
        places: session.places,
        normalization,
        infer: images => session.infer(images),
        accumulator: task.accumulator(test),
      })
    }
    const measured = finished && history.length > 0 && test && (await measure(test))
    return { history, finished, best, test: measured || undefined }
  } finally {
    await opened?.close()
    await session.dispose()
  }
}
