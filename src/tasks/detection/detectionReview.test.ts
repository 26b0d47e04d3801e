/** What a review says of a detector: errors by their kinds, and a page with the worst images. */

import { describe, expect, it } from 'vitest'
import { openShapesDetection } from '../../data/shapes/shapesDetection.ts'
import { detectionAnswers } from './detectionAnswers.ts'
import { detectionReview } from './detectionReview.ts'
import { AS_IS } from './detections.ts'
import { judgeImage } from './errors.ts'

const truth = {
  id: 1,
  width: 99,
  height: 99,
  boxes: Float64Array.of(0, 0, 10, 10, 50, 50, 20, 20, 0, 50, 30, 30, 80, 0, 9, 9),
  labels: Uint16Array.of(1, 2, 1, 2),
  areas: Float64Array.of(100, 400, 900, 81),
  crowds: Uint8Array.of(0, 0, 1, 0),
  ids: Float64Array.of(1, 2, 3, 4),
}
/** A label, a score and a box each. */
const found = (...rows: number[][]) => ({
  labels: Uint16Array.from(rows, ([label]) => label),
  scores: Float64Array.from(rows, ([, score]) => score),
  boxes: Float64Array.from(rows.flatMap(row => row.slice(2))),
})

describe('errors of a detector', () => {
  it('have kinds', () => {
    const judged = judgeImage({
      truth,
      found: found(
        [1, 0.8, 0, 0, 10, 9],
        [1, 0.9, 0, 0, 10, 10],
        [1, 0.7, 50, 50, 20, 20],
        [2, 0.6, 60, 60, 20, 20],
        [1, 0.6, 62, 50, 20, 20],
        [1, 0.6, 0, 90, 5, 5],
        [1, 0.6, 5, 55, 8, 8],
        [1, 0.4, 0, 90, 5, 5],
      ),
    })
    expect(judged).toEqual({
      kinds: [
        'duplicate',
        'right',
        'classification',
        'localization',
        'both',
        'background',
        undefined,
        undefined,
      ],
      missed: [3],
    })
  })
})

describe('a review of a detector', () => {
  it('has a page, and measures of each class', async () => {
    const data = openShapesDetection({ split: 'test', count: 4, size: 48 })
    const review = detectionReview(data)
    // All objects but the last of each image are found, a pixel aside.
    const own = [0, 1, 2, 3].map(index => data.objects.of(index))
    const slots = 9
    const rows = own.flatMap(({ labels, boxes, crowds }) =>
      Array.from({ length: slots }, (_, i) => {
        const [x, y, width, height] = boxes.subarray(4 * i, 4 * i + 4)
        const isFound = i < labels.length - 1 && crowds[i] === 0
        return isFound
          ? { box: [x, y, x + width, y + height], score: 0.9, label: labels[i] }
          : { box: [0, 0, 0, 0], score: -1, label: 0 }
      }),
    )
    const outputs = {
      boxes: { shape: [4, slots, 4], data: Float32Array.from(rows.flatMap(({ box }) => box)) },
      scores: { shape: [4, slots], data: Float32Array.from(rows, ({ score }) => score) },
      labels: { shape: [4, slots], data: Int32Array.from(rows, ({ label }) => label) },
    }
    review.add(outputs, { indices: Uint32Array.of(0, 1, 2, 3), count: 4 })
    const sections = await review.sections(async () => 'data:image/png;base64,')
    expect(sections.map(({ heading }) => heading)).toEqual([
      'Average precision',
      'Precision and recall',
      'Class by class',
      'Errors by kind',
      'Most wrong images',
    ])
    expect(review.perClass?.().rows).toHaveLength(10)
    const { answer, truth } = detectionAnswers(data.classes)
    const { text, fields } = answer(outputs, 1, 1, data.objects.place(1, AS_IS))
    expect(text).toContain(`${data.classes[own[1].labels[0] - 1]} 90`)
    expect(fields.objects).toHaveLength(own[1].labels.length - 1)
    expect(truth(data, 1).split(', ')).toHaveLength(own[1].labels.length)
  })
})
