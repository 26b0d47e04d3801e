/** How a detector is measured: by its loss in training, by COCO's figures in evaluation. */

import type { DetectionDataset } from '../../data/dataset.ts'
import { means } from '../means.ts'
import type { Accumulator, Metrics } from '../task.ts'
import { cocoCurves } from './cocoEvaluation.ts'
import { cocoFigures } from './cocoFigures.ts'
import { AS_IS, detectionsOf } from './detections.ts'
import type { ImageDetections } from './match.ts'

/** The figures of an evaluation; of a training the loss alone. */
export type DetectionMetrics = {
  /** In training the network's loss; in evaluation, which computes none, 1 − AP50. */
  readonly loss: number
} & Readonly<Record<string, number>>

/** An image as a row of numbers: its index, how many were found, and of each label, score and box. */
const flat = (index: number, { boxes, scores, labels }: ImageDetections): number[] => [
  index,
  labels.length,
  ...Array.from(labels).flatMap((label, i) => [
    label,
    scores[i],
    ...boxes.subarray(4 * i, 4 * i + 4),
  ]),
]

/** What `flat` wrote, image after image. */
function* unflat(numbers: readonly number[]): Generator<[number, ImageDetections]> {
  for (let at = 0; at < numbers.length; ) {
    const [index, count] = [numbers[at], numbers[at + 1]]
    at += 2
    const rows = Array.from({ length: count }, (_, i) => numbers.slice(at + 6 * i, at + 6 * i + 6))
    at += 6 * count
    yield [
      index,
      {
        labels: Uint16Array.from(rows, ([label]) => label),
        scores: Float64Array.from(rows, ([, score]) => score),
        boxes: Float64Array.from(rows.flatMap(row => row.slice(2))),
      },
    ]
  }
}

/** The parts of the loss, in the order of the output `losses`, which has a row an image; their sum is the loss. */
export const LOSS_PARTS = ['classLoss', 'boxLoss', 'objectnessLoss', 'proposalLoss'] as const

const lossMeans = () =>
  means<Metrics>(['loss', ...LOSS_PARTS], ({ losses: { data } }, row) => {
    const own = LOSS_PARTS.map((_, part) => data[row * LOSS_PARTS.length + part])
    const loss = own.reduce((sum, value) => sum + value, 0)
    return { loss, ...Object.fromEntries(LOSS_PARTS.map((name, part) => [name, own[part]])) }
  })

/** Begins to measure: losses of training, detections of evaluation, whichever comes. */
export const detectionAccumulator = ({
  objects,
  classes,
}: Pick<DetectionDataset, 'objects' | 'classes'>): Accumulator<DetectionMetrics> => {
  const losses = lossMeans()
  const found = new Map<number, ImageDetections>()
  const evaluated = (): DetectionMetrics => {
    const images = Array.from(found, ([index, found]) => ({ truth: objects.of(index), found }))
    const figures = cocoFigures(cocoCurves(images, classes.length))
    return { loss: 1 - Math.max(figures.ap50, 0), ...figures }
  }
  return {
    add: (outputs, batch) => {
      if ('losses' in outputs) return losses.add(outputs, batch)
      for (const [row, index] of batch.indices.subarray(0, batch.count).entries())
        found.set(index, detectionsOf(outputs, row, objects.place(index, AS_IS)))
    },
    merge: ({ found: numbers = [], ...gathered }) => {
      losses.merge(gathered)
      for (const [index, own] of unflat(numbers as readonly number[])) found.set(index, own)
    },
    gathered: () => ({
      ...losses.gathered(),
      found: Array.from(found, ([index, own]) => flat(index, own)).flat(),
    }),
    metrics: () => (found.size > 0 ? evaluated() : losses.metrics()),
  }
}
