/** A training in a run's folder: nobody else's meanwhile, and from its newest checkpoint where it has one. */

import { join } from 'node:path'
import { stepsPerEpoch } from '../data/loader.ts'
import { UsageError } from '../errors/index.ts'
import { frozenBy } from '../train/freeze.ts'
import { openSession } from '../train/session.ts'
import { openCheckpoints } from './checkpoints.ts'
import { lockRun } from './lock.ts'
import { Loop } from './loop.ts'
import { RUN_FILES } from './runFolder.ts'
import type { TrainOptions, TrainResult } from './trainOptions.ts'

/** @throws UsageError when there are too few images for the configuration */
export const checkData = ({
  config,
  train,
  test,
}: Pick<TrainOptions, 'config' | 'train' | 'test'>): void => {
  const { batch } = config.recipe
  if (stepsPerEpoch(train, batch) === 0)
    throw new UsageError({
      where: 'recipe.batch',
      expected: `at most ${train.labels.length}, the number of training images`,
      got: `${batch}`,
    })
  if (test.labels.length === 0)
    throw new UsageError({ where: 'test data', expected: 'at least one image', got: 'none' })
}

/**
 * Trains to the end, or until the signal.
 * @throws DivergenceError when a loss or gradient is not finite; the last checkpoint stays.
 * UsageError when another process trains in the folder. FileError when three saves in a row fail,
 * or the last one does.
 */
export const train = async (options: TrainOptions): Promise<TrainResult> => {
  checkData(options)
  const unlock = await lockRun(options.folder)
  try {
    return await trainLocked(options)
  } finally {
    await unlock()
  }
}

const trainLocked = async (options: TrainOptions): Promise<TrainResult> => {
  const { config, model, engine } = options
  const [, ...size] = options.train.shape
  const checkpoints = await openCheckpoints(join(options.folder, RUN_FILES.checkpoints), {
    ...(options.onWarning ? { warn: options.onWarning } : {}),
  })
  const session = await openSession({
    model,
    size,
    recipe: config.recipe,
    seed: config.seed,
    ...(config.freeze === undefined ? {} : { frozen: frozenBy(model, config.freeze) }),
    engine,
    ...(config.threads === undefined ? {} : { threads: config.threads }),
  })
  try {
    return await new Loop(options, session, checkpoints).run()
  } finally {
    await session.dispose()
  }
}
