/** A small training on images in memory, by any engine: the same code in a page and in Node. */

import type * as excite from '../../src/browser.ts'

const SIZE = 12

export const trainSmall = async (
  { data, models, training }: Pick<typeof excite, 'data' | 'models' | 'training'>,
  engine: excite.engines.Engine,
) => {
  const open = (split: 'train' | 'test') => data.openShapes({ split, count: 48, size: SIZE })
  const [train, validation] = [open('train'), open('test')]
  const { classes, shape } = train
  const { mean, std } = await data.measureNormalization(train)
  const normalization = { mean: [...mean], std: [...std] }
  const model = models.resnet8({ classes: classes.length })
  const recipe = { ...training.RECIPES.short, epochs: 2, batch: 16 }
  const task = training.classification()
  const session = new training.TrainingSession({
    model,
    size: [SIZE, SIZE],
    recipe,
    seed: 0,
    engine,
  })
  const progress = training.newProgress(task, train)
  const losses: number[] = []
  const loop = { session, task, train, validation, normalization, recipe, seed: 0, progress }
  for await (const event of training.trainingLoop(loop))
    if (event.kind === 'epoch') losses.push(event.row.trainLoss, event.row.testLoss)
  const tensors = await session.weights(false)
  await session.dispose()
  const [channels, height, width] = shape
  const card = {
    model: 'resnet8',
    classes: [...classes],
    channels,
    height,
    width,
    ...normalization,
  }
  const planes = await validation.read(0)
  const pixels = new Uint8ClampedArray(4 * SIZE * SIZE).fill(255)
  for (let i = 0; i < SIZE * SIZE; i++)
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = planes[c * SIZE * SIZE + i]
  return {
    losses,
    network: { card, model, tensors },
    image: { data: pixels, width: SIZE, height: SIZE },
  }
}
