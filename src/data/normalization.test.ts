/** Normalization as it is measured: of all images where that costs nothing, of a fixed sample else. */

import { expect, it } from 'vitest'
import { measureNormalization } from './normalization.ts'

/** Two channels of one row of two pixels. */
const dataset = (count: number, inMemory: boolean) => {
  const asked = new Set<number>()
  return {
    shape: [2, 1, 2] as const,
    labels: new Int32Array(count),
    inMemory,
    asked,
    read: (index: number) => {
      asked.add(index)
      return Uint8Array.of(0, 255, index % 256, index % 256)
    },
  }
}

it('is the mean and the std of each channel', async () => {
  const found = await measureNormalization(dataset(256, true))
  expect(found.mean).toEqual([0.5, 0.5])
  // Of the numbers 0 to 255: √((256² − 1) / 12) / 255.
  expect(found.std).toEqual([0.5, Math.round((Math.sqrt(65535 / 12) / 255) * 1e4) / 1e4])
})

it.each([
  [5000, true, 5000],
  [5000, false, 2000],
  [1999, false, 1999],
  [1, false, 1],
])('of %i images, in memory: %s, reads %i', async (count, inMemory, read) => {
  const set = dataset(count, inMemory)
  await measureNormalization(set)
  expect(set.asked.size).toBe(read)
  expect(Math.max(...set.asked)).toBeGreaterThan(count - 4)
})

it('is no division by zero where all images are one color', async () => {
  const plain = { ...dataset(3, true), read: () => Uint8Array.of(7, 7, 9, 9) }
  expect((await measureNormalization(plain)).std).toEqual([1e-4, 1e-4])
})
