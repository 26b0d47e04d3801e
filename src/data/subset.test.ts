/** Parts of datasets: the right images, however they are read. */

import { describe, expect, it } from 'vitest'
import type { Dataset } from './dataset.ts'
import { balanced, balancedSubset, subset } from './subset.ts'

const labels = Int32Array.of(0, 0, 0, 1, 2, 0, 1, 2, 2, 1)

/** Every way to read an image gives its index. */
const dataset: Dataset = {
  name: 'numbers',
  split: 'train',
  classes: ['a', 'b', 'c'],
  shape: [1, 1, 1],
  labels,
  read: index => Uint8Array.of(index),
  prepare: async indices => Float32Array.from(indices),
  close: async () => {},
}

describe('a part of a dataset', () => {
  it('has as many images of each class, the first', () => {
    expect(balanced(dataset, 6)).toEqual([0, 1, 3, 4, 6, 7])
    expect(balanced(dataset, 8)).toEqual([0, 1, 3, 4, 6, 7])
    expect([...balancedSubset(dataset, 3).labels]).toEqual([0, 1, 2])
  })

  it('reads the same images in every way', async () => {
    const part = subset(dataset, [7, 3])
    expect([...part.labels]).toEqual([2, 1])
    expect([...(await part.read(1))]).toEqual([3])
    expect([...(await part.prepare(Uint32Array.of(1, 0), {} as never))]).toEqual([3, 7])
  })

  it('refuses more images than there are, and fewer than classes', () => {
    for (const count of [11, 2])
      expect(() => balancedSubset(dataset, count)).toThrow(
        /data\.samples: expected 3 to 10 train images, which is what numbers has, got/,
      )
  })
})
