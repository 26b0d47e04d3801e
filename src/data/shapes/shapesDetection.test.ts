/** `shapes-detection`: each scene a function of seed, split and index, with the boxes of what is seen. */

import { describe, expect, it } from 'vitest'
import { openShapesDetection } from './shapesDetection.ts'

describe('shapes-detection', () => {
  const data = openShapesDetection({ split: 'train', count: 40, size: 64 })
  const all = Array.from(data.labels, (_, index) => data.objects.of(index))

  it('is the same every time, and another for another seed or split', () => {
    const again = openShapesDetection({ split: 'train', count: 9, size: 64 })
    const other = openShapesDetection({ split: 'train', count: 9, size: 64, seed: 1 })
    const test = openShapesDetection({ split: 'test', count: 9, size: 64 })
    expect(again.objects.of(7)).toEqual(all[7])
    expect(again.read(7)).toEqual(data.read(7))
    expect(other.read(7)).not.toEqual(data.read(7))
    expect(test.read(7)).not.toEqual(data.read(7))
  })

  it('has scenes of many objects, of none, and with crowds', () => {
    const counts = all.map(({ labels }) => labels.length)
    expect(Math.max(...counts)).toBeGreaterThan(5)
    expect(Math.max(...counts)).toBeLessThanOrEqual(data.objects.most + 1)
    expect(counts).toContain(0)
    expect(all.flatMap(({ crowds }) => [...crowds])).toContain(1)
  })

  it('has boxes within the image, and areas within the boxes', () => {
    for (const { boxes, areas, labels } of all)
      for (const [i, label] of labels.entries()) {
        const [x, y, width, height] = boxes.subarray(4 * i, 4 * i + 4)
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(0)
        expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(64)
        expect(areas[i]).toBeGreaterThan(0)
        expect(areas[i]).toBeLessThanOrEqual(width * height)
        expect(label).toBeLessThanOrEqual(data.classes.length)
      }
  })
})
