/** Batches: every image once an epoch, in an order that only seed and epoch decide. */

import { describe, expect, it } from 'vitest'
import { normalized } from './augment/augment.ts'
import { pixelDataset } from './dataset.ts'
import {
  type Batch,
  evaluationBatches,
  stepsPerEpoch,
  type TrainingBatchOptions,
  trainingBatches,
} from './loader.ts'
import type { Normalization } from './normalization.ts'

const COUNT = 23
const BATCH = 4
const shape = [2, 3, 3] as const
const SIZE = 18
const normalization: Normalization = { mean: [0.5, 0.25], std: [0.25, 0.5] }

/** Every image differs; some come at once, some later. */
const images = Array.from({ length: COUNT }, (_, index) =>
  Uint8Array.from({ length: SIZE }, (_, i) => (index * 11 + i * 3) % 256),
)
const dataset = pixelDataset({
  name: 'numbered',
  split: 'train' as const,
  classes: ['even', 'odd', 'both'],
  shape,
  labels: Int32Array.from({ length: COUNT }, (_, i) => i % 3),
  read: (index: number) => (index % 2 === 0 ? images[index] : Promise.resolve(images[index])),
})

const gather = async (batches: AsyncIterable<Batch>): Promise<Batch[]> => {
  const all: Batch[] = []
  for await (const batch of batches) all.push(batch)
  return all
}

const training = (options: Partial<TrainingBatchOptions> = {}): Promise<Batch[]> =>
  gather(
    trainingBatches(dataset, {
      batch: BATCH,
      normalization,
      seed: 1,
      epoch: 0,
      augmentation: {},
      ...options,
    }),
  )

const orderOf = (batches: readonly Batch[]): number[] =>
  batches.flatMap(({ indices }) => [...indices])

const AUGMENTED = { crop: { padding: 1 }, flip: true, cutout: { size: 2 } }

const imageOf = ({ images }: Batch, place: number): Float32Array =>
  images.subarray(place * SIZE, (place + 1) * SIZE)

describe('training', () => {
  it.each([
    [1, 23],
    [4, 5],
    [23, 1],
    [24, 0],
  ])('in batches of %i has %i whole ones', async (batch, steps) => {
    expect(stepsPerEpoch(dataset, batch)).toBe(steps)
    const batches = await training({ batch })
    expect(batches).toHaveLength(steps)
    const order = orderOf(batches)
    expect(order).toHaveLength(steps * batch)
    expect(new Set(order).size).toBe(order.length)
    for (const { count, indices } of batches)
      expect([count, indices.length]).toEqual([batch, batch])
  })

  it('sees each image once where the batches divide the set', async () => {
    const order = orderOf(await training({ batch: 1 }))
    expect(order.sort((a, b) => a - b)).toEqual([...images.keys()])
  })

  it('brings together images and their indices', async () => {
    for (const batch of await training())
      for (const [place, index] of batch.indices.entries()) {
        expect(imageOf(batch, place)).toEqual(normalized(images[index], shape, normalization))
      }
  })

  it('is the same twice', async () => {
    const options = { augmentation: AUGMENTED, seed: 3, epoch: 2 }
    expect(await training(options)).toEqual(await training(options))
  })

  it('has another order and other augmentation in another epoch and for another seed', async () => {
    const options = [
      { seed: 1, epoch: 0 },
      { seed: 1, epoch: 1 },
      { seed: 1, epoch: 2 },
      { seed: 2, epoch: 0 },
    ]
    const orders = await Promise.all(options.map(async one => orderOf(await training(one)).join()))
    expect(new Set(orders).size).toBe(options.length)

    const first = await Promise.all(
      options.map(async one => {
        const batches = await training({ ...one, batch: 1, augmentation: AUGMENTED })
        const byIndex = batches.sort((a, b) => a.indices[0] - b.indices[0])
        return byIndex.flatMap(({ images }) => [...images]).join()
      }),
    )
    expect(new Set(first).size).toBe(options.length)
  })

  it.each([0, 1, 3, 5, 9])('goes on exactly where %i batches are skipped', async start => {
    const options = { augmentation: AUGMENTED, epoch: 4 }
    expect(await training({ ...options, start })).toEqual((await training(options)).slice(start))
  })

  it('augments equal images differently, in every way', async () => {
    const shape = [1, 12, 12] as const
    const image = Uint8Array.from({ length: 144 }, (_, i) => (i * 37) % 256)
    const labels = new Int32Array(8)
    const equal = pixelDataset({ ...dataset, shape, labels, read: () => image })
    const ways: readonly TrainingBatchOptions['augmentation'][] = [
      { crop: { padding: 5 } },
      { resizedCrop: { scale: 0.3 } },
      { rotate: { degrees: 10 } },
      { colorJitter: { strength: 0.5 } },
      { randAugment: { operations: 2, magnitude: 9 } },
      { erase: { probability: 1 } },
    ]
    const own = { mean: [0], std: [1] }
    for (const augmentation of ways) {
      const options = { batch: 8, normalization: own, seed: 1, epoch: 0, augmentation }
      const [{ images }] = await gather(trainingBatches(equal, options))
      const each = Array.from({ length: 8 }, (_, i) => images.slice(i * 144, (i + 1) * 144).join())
      expect(new Set(each).size, JSON.stringify(augmentation)).toBeGreaterThan(4)
    }
  })

  it('augments an image in the same way whatever batch it is in', async () => {
    const options = { augmentation: AUGMENTED, epoch: 1 }
    const alone = await training({ ...options, batch: 1 })
    const together = await training({ ...options, batch: 6 })
    for (const [i, batch] of together.entries())
      for (const place of batch.indices.keys())
        expect(imageOf(batch, place)).toEqual(alone[6 * i + place].images)
  })
})

describe('evaluation', () => {
  const evaluation = (batch: number): Promise<Batch[]> =>
    gather(evaluationBatches(dataset, { batch, normalization }))

  it.each([1, 4, 23, 24, 50])('sees all images in their order in batches of %i', async batch => {
    const batches = await evaluation(batch)
    const order = batches.flatMap(({ indices, count }) => [...indices.subarray(0, count)])
    expect(order).toEqual([...images.keys()])
    for (const one of batches)
      for (const [place, index] of one.indices.entries()) {
        expect(imageOf(one, place)).toEqual(normalized(images[index], shape, normalization))
      }
  })

  it('fills the last batch up with the first image', async () => {
    const last = (await evaluation(5)).at(-1)
    expect(last?.count).toBe(3)
    expect([...(last?.indices ?? [])]).toEqual([20, 21, 22, 0, 0])
    expect(last?.images).toHaveLength(5 * SIZE)
  })

  it('of nothing has no batches', async () => {
    const empty = { ...dataset, labels: new Int32Array() }
    expect(await gather(evaluationBatches(empty, { batch: 4, normalization }))).toEqual([])
  })
})
