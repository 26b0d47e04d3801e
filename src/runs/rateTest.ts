/** A learning-rate range test of the training that a configuration describes. */

import type { Dataset } from '../data/dataset.ts'
import { measureNormalization } from '../data/normalization.ts'
import { openEngine } from '../engines/registry.ts'
import { networkOf } from '../models/registry.ts'
import type { Config } from '../train/config.ts'
import type { RateTest } from '../train/rateFinder.ts'
import { TrainingSession } from '../train/session.ts'
import { taskOf } from '../train/taskOf.ts'
import { checkData } from './trainer.ts'

/**
 * Opens the training; its session has to be disposed of.
 * @throws UsageError where there are fewer images than a batch has
 */
export const openRateTest = async (
  config: Config,
  train: Dataset,
  rates: Pick<RateTest, 'from' | 'to' | 'steps'>,
): Promise<RateTest> => {
  const { recipe, seed, threads } = config
  checkData({ config, train, validation: train })
  const [channels, ...size] = train.shape
  const task = taskOf(config, train)
  const normalization = config.normalization ?? (await measureNormalization(train))
  const model = networkOf(config, { classes: train.classes.length, channels })
  const { engine } = await openEngine(config.engine)
  const session = new TrainingSession({ model, size, recipe, task, seed, engine, threads })
  return { session, task, train, normalization, recipe, seed, ...rates }
}
