/** The loop that training is: a network becomes a step, which is called batch by batch. */

import { data, engines, models, openImages, training } from '../src/index.ts'

const BATCH = 40
const { train } = await openImages('shapes', { samples: { train: 400, test: 100 }, size: 16 })
const normalization = await data.measureNormalization(train)
const { network } = models.resnet8({ classes: train.classes.length })
const task = training.classification({ labelSmoothing: 0.05 })
const optimizer = training.sgd({ nesterov: true })
const step = training.trainingStep({ network, task, images: [BATCH, ...train.shape], optimizer })

const { engine } = await engines.openEngine()
const compiled = await engine.compile(step.graph, { state: step.state })
const state = new training.ModelState(network, 0, step)
await state.attach(compiled.state)
const scalar = (value: number) => ({ shape: [], data: Float32Array.of(value) })
let steps = 0
for (let epoch = 0; epoch < 2; epoch++) {
  const options = { batch: BATCH, seed: 0, epoch, augmentation: { flip: true }, normalization }
  for await (const batch of data.trainingBatches(train, options)) {
    const { loss } = await compiled.run({
      images: { shape: [BATCH, ...train.shape], data: batch.images },
      ...task.encode(train, batch),
      learningRate: scalar(0.05),
      step: scalar(++steps),
    })
    console.log(epoch, steps, loss.data[0].toFixed(4))
  }
}
const weights = await state.weights(false)
console.log(`${weights.size} trained tensors`)
await compiled.dispose()
