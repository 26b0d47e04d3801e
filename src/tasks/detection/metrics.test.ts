/** A detector's metrics: in pixels of the images, and the same however they were gathered. */

import { describe, expect, it } from 'vitest'
import { datasetObjects } from '../../data/objects.ts'
import type { Tensors } from '../../engines/engine.ts'
import { AS_IS, detectionsOf } from './detections.ts'
import { detectionAccumulator } from './metrics.ts'
import { cocoResults } from './results.ts'

/** Two images of 200×100, seen at 64×64 with padding below; one object each. */
const objects = datasetObjects([3, 64, 64], {
  most: 1,
  categoryIds: [3, 90],
  of: index => ({
    id: 10 + index,
    width: 200,
    height: 100,
    boxes: Float64Array.of(50, 25, 100, 50),
    labels: Uint16Array.of(1 + index),
    areas: Float64Array.of(5000),
    crowds: Uint8Array.of(0),
    ids: Float64Array.of(index + 1),
  }),
})
const data = { objects, classes: ['cat', 'dog'] }

/** The first object is found, and something else; of the second the class is wrong. */
const outputs: Tensors = {
  boxes: {
    shape: [2, 2, 4],
    data: Float32Array.from([16, 8, 48, 24, 0, 0, 9, 9, 16, 8, 48, 24, 0, 0, 0, 0]),
  },
  scores: { shape: [2, 2], data: Float32Array.of(0.5, 0.25, 0.75, -1) },
  labels: { shape: [2, 2], data: Int32Array.of(1, 2, 1, 0) },
}
const batch = { indices: Uint32Array.of(0, 1), count: 2 }

describe('a detector is measured', () => {
  it('in pixels of the images', () => {
    const found = detectionsOf(outputs, 0, objects.place(0, AS_IS))
    expect([...found.boxes.subarray(0, 4)]).toEqual([50, 25, 100, 50])
    expect(cocoResults(objects, 0, found)).toEqual([
      { image_id: 10, category_id: 3, bbox: [50, 25, 100, 50], score: 0.5 },
      { image_id: 10, category_id: 90, bbox: [0, 0, 28.125, 28.125], score: 0.25 },
    ])
  })

  it('by the figures, with nothing of empty slots or of images beyond the count', () => {
    const all = detectionAccumulator(data)
    all.add(outputs, batch)
    // A dog that is called a cat stands above the cat that is found.
    expect(all.metrics()).toMatchObject({ ap50: 0.25, loss: 0.75, ar1: 0.5, apMedium: 0.25 })
    const one = detectionAccumulator(data)
    one.add(outputs, { ...batch, count: 1 })
    expect(one.metrics()).toMatchObject({ ap: expect.closeTo(1, 12), apLarge: -1 })
  })

  it('alike when what others gathered is merged', () => {
    const [whole, first, second] = [0, 1, 2].map(() => detectionAccumulator(data))
    whole.add(outputs, batch)
    first.add(outputs, { ...batch, count: 1 })
    second.add(outputs, batch)
    first.merge(JSON.parse(JSON.stringify(second.gathered())))
    expect(first.metrics()).toEqual(whole.metrics())
  })

  it('by its loss in training', () => {
    const losses = { losses: { shape: [2, 4], data: Float32Array.of(1, 2, 3, 4, 0, 1, 0, 1) } }
    const first = detectionAccumulator(data)
    first.add(losses, batch)
    const second = detectionAccumulator(data)
    second.merge(JSON.parse(JSON.stringify(first.gathered())))
    expect(second.metrics()).toEqual({
      loss: 6,
      classLoss: 0.5,
      boxLoss: 1.5,
      objectnessLoss: 1.5,
      proposalLoss: 2.5,
    })
  })
})
