/** Fifty steps of a small network by any engine: the same code in a worker of a page and in Node. */

import type * as excite from '../../src/browser.ts'

const SIZE = 8
const BATCH = 4
const STEPS = 50

/** The mean loss after each step. */
export const fiftySteps = async (
  { data, models, training }: Pick<typeof excite, 'data' | 'models' | 'training'>,
  engine: excite.engines.Engine,
): Promise<number[]> => {
  const train = await data.openShapes({ split: 'train', count: STEPS * BATCH, size: SIZE })
  const model = models.named('se-resnet8', { classes: train.classes.length })
  const recipe = { ...training.RECIPES.short, epochs: 1, batch: BATCH }
  const task = training.classification()
  const session = new training.TrainingSession({
    model,
    size: [SIZE, SIZE],
    recipe,
    seed: 0,
    engine,
  })
  const losses: number[] = []
  for await (const event of training.trainingLoop({
    session,
    task,
    train,
    validation: train,
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    recipe,
    seed: 0,
    progress: training.newProgress(task, train),
  })) {
    if (event.kind === 'step') losses.push(event.metrics.loss)
    if (losses.length === STEPS) break
  }
  await session.dispose()
  return losses
}
