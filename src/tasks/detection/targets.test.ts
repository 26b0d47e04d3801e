/** Boxes move with their images: they are where the pixels are. */

import { describe, expect, it } from 'vitest'
import type { Augmentation } from '../../data/augment/augment.ts'
import { type DetectionDataset, pixelDataset } from '../../data/dataset.ts'
import { trainingBatches } from '../../data/loader.ts'
import { datasetObjects } from '../../data/objects.ts'
import { subset } from '../../data/subset.ts'
import { encodeObjects } from './targets.ts'

const SHAPE = [1, 48, 64] as const
const COUNT = 6

/** White rectangles on black, one an image, in another place each. */
const rectangles = (): DetectionDataset => {
  const boxOf = (index: number) => [5 + 4 * index, 7 + 2 * index, 20, 16]
  const images = {
    name: 'rectangles',
    split: 'train' as const,
    classes: ['rectangle'],
    shape: SHAPE,
    inMemory: true,
    labels: new Int32Array(COUNT),
    objects: datasetObjects(SHAPE, {
      most: 1,
      categoryIds: [7],
      of: (index: number) => ({
        id: index,
        width: SHAPE[2],
        height: SHAPE[1],
        boxes: Float64Array.from(boxOf(index)),
        labels: Uint16Array.of(1),
        areas: Float64Array.of(320),
        crowds: Uint8Array.of(0),
        ids: Float64Array.of(index + 1),
      }),
    }),
    read: (index: number) => {
      const [left, top, width, height] = boxOf(index)
      const pixels = new Uint8Array(SHAPE[1] * SHAPE[2])
      for (let y = top; y < top + height; y++)
        pixels.fill(255, y * SHAPE[2] + left, y * SHAPE[2] + left + width)
      return pixels
    },
  }
  return pixelDataset(images)
}

/** The columns and rows of an image that are more white than black. */
const bright = (image: Float32Array): number[] => {
  const at = [...image.keys()].filter(i => image[i] > 0.5)
  const columns = at.map(i => i % SHAPE[2])
  const rows = at.map(i => Math.floor(i / SHAPE[2]))
  return [Math.min(...columns), Math.min(...rows), Math.max(...columns) + 1, Math.max(...rows) + 1]
}

const gather = async (data: DetectionDataset, augmentation: Augmentation) => {
  const found: { box: number[]; seen: number[] }[] = []
  for (const epoch of [0, 1, 2])
    for await (const batch of trainingBatches(data, {
      batch: 2,
      seed: 3,
      epoch,
      augmentation,
      normalization: { mean: [0], std: [1] },
    })) {
      const { boxes, classes } = encodeObjects(data, batch, 2)
      for (const [row] of batch.indices.entries()) {
        if (classes.data[2 * row] === 0) continue
        const image = batch.images.subarray(row * 48 * 64, (row + 1) * 48 * 64)
        found.push({
          box: Array.from(boxes.data.subarray(8 * row, 8 * row + 4)),
          seen: bright(image),
        })
      }
    }
  return found
}

describe('boxes', () => {
  it.each<[string, Augmentation, number]>([
    ['nothing', {}, 18],
    ['mirrors', { flip: true }, 18],
    ['smaller images, padded', { scaleJitter: { low: 0.5, high: 1 } }, 18],
    ['larger images, cropped', { scaleJitter: { low: 1, high: 2 }, flip: true }, 12],
    ['parts of images', { resizedCrop: { scale: 0.3 }, flip: true }, 12],
  ])('follow %s', async (_, augmentation, least) => {
    const found = await gather(rectangles(), augmentation)
    expect(found.length).toBeGreaterThanOrEqual(least)
    for (const { box, seen } of found)
      for (const [i, at] of box.entries()) expect(Math.abs(at - seen[i])).toBeLessThan(1.3)
  })

  it('follow in a part of a dataset', async () => {
    const found = await gather(subset(rectangles(), [4, 1, 3, 2]), {
      scaleJitter: { low: 0.5, high: 2 },
    })
    for (const { box, seen } of found)
      for (const [i, at] of box.entries()) expect(Math.abs(at - seen[i])).toBeLessThan(1.3)
  })

  it('cannot follow a rotation', async () => {
    await expect(gather(rectangles(), { rotate: { degrees: 9 } })).rejects.toThrow(
      'recipe.augment.rotate: expected augmentation that boxes can follow',
    )
  })
})
