/** The loop that training is: a network becomes a step, which is called batch by batch. */

import { data, engines, models, openImages, training } from '../src/index.ts'

const images = await openImages('shapes', { samples: { train: 400, test: 100 }, size: 16 })
const model = models.resnet8({ classes: images.classes.length })
const recipe = { ...training.RECIPES.short, batch: 40 }
const { engine } = await engines.openDevice()
const session = await training.openSession({ model, size: [16, 16], recipe, seed: 0, engine })
const normalization = await data.measureNormalization(images.train)
let step = 0
for (let epoch = 0; epoch < 2; epoch++) {
  const options = { batch: 40, seed: 0, epoch, augmentation: recipe.augment, normalization }
  for await (const batch of data.trainingBatches(images.train, options)) {
    const { loss } = await session.step(batch, { step: step++, learningRate: 0.05, frozen: false })
    console.log(epoch, step, loss.toFixed(4))
  }
}
await session.dispose()
