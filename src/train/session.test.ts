/** A session: first weights of the seed, whenever they are drawn, and networks of several outputs. */

import { expect, it } from 'vitest'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { input } from '../graph/index.ts'
import { model } from '../models/registry.ts'
import { conv2d, globalMean, initialize, layer, linear } from '../nn/index.ts'
import { add, exp, mul, neg, reduceMean, sub } from '../ops/index.ts'
import { RECIPES } from './recipes.ts'
import { TrainingSession } from './session.ts'
import type { GraphTask } from './step.ts'

const tested = model('se-resnet8')
const SEED = 7

const open = (): TrainingSession =>
  new TrainingSession({
    model: tested,
    size: [8, 8],
    recipe: { ...RECIPES.senet, batch: 2, emaDecay: 0.9 },
    seed: SEED,
    engine: onnxEngine,
    threads: 1,
  })

const batch = {
  images: Float32Array.from({ length: 2 * 3 * 64 }, (_, i) => Math.sin(i)),
  indices: Uint32Array.of(0, 1),
}
const targets = { labels: { shape: [2], data: Int32Array.of(1, 3) } }
const one = { step: 0, learningRate: 0.1 }

const everything = (session: TrainingSession) =>
  Promise.all([session.weights(false), session.weights(true), session.slots()])

it('begins with what the seed gives, zero slots and the average at the weights', async () => {
  const session = open()
  const wanted = initialize(tested.network, SEED)
  const names = [...wanted.keys()].sort()
  for (const averaged of [false, true]) {
    const weights = await session.weights(averaged)
    expect([...weights.keys()].sort()).toEqual(names)
    for (const [name, values] of wanted) expect(weights.get(name)).toEqual(values)
  }
  for (const [name, values] of await session.slots())
    if (name.startsWith('momentum:')) expect(values.every(value => value === 0)).toBe(true)
  await session.dispose()
})

it('goes on from there the same, whether anyone looked before the first step or not', async () => {
  const [looked, straight] = [open(), open()]
  await looked.weights(false)
  const losses = [
    (await looked.step(batch, targets, one)).loss,
    (await straight.step(batch, targets, one)).loss,
  ]
  expect(losses[0]).toBe(losses[1])
  expect(await everything(straight)).toEqual(await everything(looked))
  const moved = initialize(tested.network, SEED).get('fc.weight')
  expect((await straight.weights(false)).get('fc.weight')).not.toEqual(moved)
  await Promise.all([looked.dispose(), straight.dispose()])
})

it('trains a network of several outputs for a task that knows them by name', async () => {
  const network = layer(
    { body: conv2d(3, 4, 3, { padding: 1 }), mean: linear(4, 1), spread: linear(4, 1) },
    ({ body, mean, spread }, x) => {
      const features = globalMean(body(x))
      return { mean: mean(features), spread: spread(features) }
    },
  )
  // The negative logarithm of a normal density, whose standard deviation is e to the spread.
  const task: GraphTask = {
    output: 'mean',
    targets: batch => ({ wanted: input('wanted', [batch, 1]) }),
    loss: ({ mean, spread }, { wanted }) => {
      const distance = mul(sub(mean, wanted), exp(neg(spread)))
      return reduceMean(add(spread, mul(mul(distance, distance), 0.5)))
    },
  }
  const session = new TrainingSession({
    model: { network, channels: 3 },
    task,
    size: [8, 8],
    recipe: { ...RECIPES.senet, batch: 2 },
    seed: SEED,
    engine: onnxEngine,
    threads: 1,
  })
  const wanted = { wanted: { shape: [2, 1], data: Float32Array.of(0.5, -0.5) } }
  const losses: number[] = []
  for (let step = 0; step < 10; step++)
    losses.push((await session.step(batch, wanted, { step, learningRate: 0.05 })).loss)
  expect(losses[9]).toBeLessThan(losses[0])
  const answers = await session.infer(batch.images)
  expect(Object.entries(answers).map(([name, { shape }]) => [name, shape])).toEqual([
    ['mean', [2, 1]],
    ['spread', [2, 1]],
  ])
  await session.dispose()
})
