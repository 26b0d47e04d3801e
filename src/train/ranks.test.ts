/** One step over several processes is the step of one: gradient, state, metrics, draws and mixing. */

import { describe, expect, it } from 'vitest'
import { openShapes } from '../data/shapes/shapes.ts'
import { openEngine } from '../engines/registry.ts'
import { type Communicator, placesOf } from '../machines/communicator.ts'
import { model } from '../models/registry.ts'
import type { Recipe } from './config.ts'
import type { EpochRow } from './epochRow.ts'
import { newProgress, trainingLoop } from './loop.ts'
import type { Weights } from './modelState.ts'
import { RECIPES } from './recipes.ts'
import { TrainingSession } from './session.ts'
import { taskOf } from './taskOf.ts'

/** Ranks in one process, which meet in promises. */
const ranksHere = (size: number): readonly Communicator[] => {
  const unused = async (): Promise<never> => Promise.reject(new TypeError('not in this test'))
  let waiting: { values: readonly Float32Array[]; done: () => void }[] = []
  const meet = (values: readonly Float32Array[]): Promise<void> =>
    new Promise(done => {
      waiting.push({ values, done })
      if (waiting.length < size) return
      const all = waiting
      waiting = []
      for (const [i, first] of all[0].values.entries()) {
        const sum = first.map((_, at) => all.reduce((sum, { values }) => sum + values[i][at], 0))
        for (const { values } of all) values[i].set(sum)
      }
      for (const { done } of all) done()
    })
  return Array.from({ length: size }, (_, rank) => ({
    rank,
    size,
    allReduce: meet,
    broadcast: unused,
    gather: unused,
    onFirst: unused,
    fail: unused,
    close: unused,
  }))
}

describe('places', () => {
  it.each([
    [8, 2],
    [8, 4],
    [8, 8],
    [12, 4],
    [16, 1],
  ])('of %i images over %i ranks are each image once', (batch, size) => {
    const all = Array.from({ length: size }, (_, rank) => placesOf(batch, { rank, size }))
    expect(all.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: batch }, (_, i) => i))
    if ((batch / size) % 2 === 0)
      for (const places of all)
        expect(places.map(place => batch - 1 - place).reverse()).toEqual(places)
  })
})

/** What a short training comes to at each of the ranks. */
const trainedBy = async (
  size: number,
  { recipe = {}, engine = 'onnxruntime', images = 32 }: Options = {},
) => {
  const data = openShapes({ split: 'train', count: images, size: 16 })
  const { engine: computing } = await openEngine(engine)
  const tested = model('se-resnet8', { dropout: 0.3 })
  const own = { ...RECIPES.short, batch: 8, epochs: 1, freezeBatchNormEpochs: 1, ...recipe }
  const train = async (communicator: Communicator) => {
    const session = new TrainingSession({
      model: tested,
      size: [16, 16],
      recipe: own,
      seed: 3,
      engine: computing,
      threads: 1,
      communicator,
    })
    const task = taskOf({ recipe: own })
    const loop = trainingLoop({
      session,
      task,
      train: data,
      validation: openShapes({ split: 'test', count: 12, size: 16 }),
      normalization: { mean: [0.5, 0.5, 0.5], std: [0.3, 0.3, 0.3] },
      recipe: own,
      seed: 3,
      progress: newProgress(task, data),
    })
    const rows: EpochRow[] = []
    for await (const event of loop) if (event.kind === 'epoch') rows.push(event.row)
    const weights = await session.weights(false)
    const slots = await session.slots()
    await session.dispose()
    return { weights, slots, row: rows[0] }
  }
  return Promise.all(ranksHere(size).map(train))
}

interface Options {
  readonly recipe?: Partial<Recipe>
  readonly engine?: string
  /** How many images to train on. */
  readonly images?: number
}

const furthest = (one: Weights, other: Weights): number => {
  const differences = [...one].map(([name, values]) => {
    const own = other.get(name) ?? values
    const largest = Math.max(...values.map(Math.abs), 1e-3)
    return Math.max(...values.map((value, i) => Math.abs(value - own[i]))) / largest
  })
  return Math.max(...differences)
}

/** Statistics of the batch, which ranks and parts have of their own. */
const OWN = { freezeBatchNormEpochs: 0 }
const parts = (accumulate: number, recipe: Partial<Recipe> = {}) => ({
  recipe: { ...recipe, accumulate },
})

const SYNCHRONIZED = { recipe: { syncBatchNorm: true, freezeBatchNormEpochs: 0 } }

describe('a training over ranks', () => {
  it.each([
    ['with dropout', 2, {}],
    ['with dropout', 4, {}],
    ['with an odd number of images each', 8, {}],
    ['with mixup and CutMix', 2, { recipe: { mixing: { mixup: 0.4, cutmix: 1 } } }],
    ['on oneDNN', 2, { engine: 'onednn' }],
    ['with synchronized statistics', 2, SYNCHRONIZED],
    ['with synchronized statistics', 4, SYNCHRONIZED],
  ])('%s comes to what one process does: %i ranks', async (_, size, options: Options) => {
    const [alone] = await trainedBy(1, options)
    const ranks = await trainedBy(size, options)
    for (const { weights, row } of ranks) {
      expect(furthest(alone.weights, weights)).toBeLessThan(2e-5)
      for (const name of ['trainLoss', 'testLoss', 'trainTop1', 'testTop1'] as const)
        expect(row[name]).toBeCloseTo(alone.row[name] as number, 5)
      // Among themselves they agree to the bit.
      expect(weights).toEqual(ranks[0].weights)
    }
  })
})

/** The gradient of the first step, which is all that momentum then has. */
const firstGradient = async (size: number): Promise<Float32Array> => {
  const recipe: Partial<Recipe> = { syncBatchNorm: true, weightDecay: 0, labelSmoothing: 0 }
  const options = { recipe: { ...recipe, freezeBatchNormEpochs: 0 }, images: 8 }
  const [{ slots }] = await trainedBy(size, options)
  return Float32Array.from([...slots.values()].flatMap(values => [...values]))
}

it('the first gradient is the same over 1, 2, 4 and 8 ranks, to 1e-6 of its norm', async () => {
  const alone = await firstGradient(1)
  for (const size of [2, 4, 8]) {
    const ranks = await firstGradient(size)
    const difference = Math.hypot(...ranks.map((value, i) => value - alone[i]))
    expect(difference / Math.hypot(...alone)).toBeLessThan(1e-6)
  }
})

describe('a training by parts of batches', () => {
  it.each([
    ['in two', 1, parts(2)],
    ['in eight of one image', 1, parts(8)],
    ['over ranks', 2, parts(2)],
    ['of mixed images', 1, parts(2, { mixing: { mixup: 0.4, cutmix: 1 } })],
    ['with clipping and an average', 1, parts(4, { clipNorm: 0.5, emaDecay: 0.9 })],
  ])('%s comes to what whole batches do', async (_, size, options) => {
    const { accumulate: __, ...recipe } = options.recipe
    for (const engine of ['onnxruntime', 'onednn']) {
      const [whole] = await trainedBy(1, { recipe, engine })
      for (const { weights, row } of await trainedBy(size, { ...options, engine })) {
        expect(furthest(whole.weights, weights)).toBeLessThan(2e-5)
        for (const name of ['trainLoss', 'testLoss', 'trainTop1', 'testTop1'] as const)
          expect(row[name]).toBeCloseTo(whole.row[name] as number, 5)
      }
    }
  })

  it('has the statistics that as many ranks have', async () => {
    const [ranks] = await trainedBy(2, { recipe: OWN })
    const [one] = await trainedBy(1, parts(2, OWN))
    expect(furthest(ranks.weights, one.weights)).toBeLessThan(2e-5)
  })

  it('names the images of the part that is not finite', async () => {
    const diverging = parts(4, { learningRate: 1e30 })
    await expect(trainedBy(1, diverging)).rejects.toThrow(
      /step 1: expected a finite loss, .*; first not finite: (?!unknown)/,
    )
  })
})
