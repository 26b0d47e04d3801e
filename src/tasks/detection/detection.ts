/** Detection: boxes around objects, each of a class. */

import type { Dataset, DetectionDataset } from '../../data/dataset.ts'
import { UsageError } from '../../errors/index.ts'
import { input } from '../../graph/index.ts'
import { concat, reshape } from '../../ops/index.ts'
import type { TaskSetting } from '../registry.ts'
import type { Curve, Task, TaskMemory } from '../task.ts'
import { detectionAnswers } from './detectionAnswers.ts'
import { detectionReview } from './detectionReview.ts'
import { detectionLoss } from './loss.ts'
import { type DetectionMetrics, detectionAccumulator } from './metrics.ts'
import { encodeObjects } from './targets.ts'

/** @throws UsageError for images without boxes */
const withObjects = (data: Dataset): DetectionDataset => {
  const { objects } = data
  if (objects !== undefined) return { ...data, objects }
  throw new UsageError({
    where: 'data',
    expected: 'images with boxes around their objects, as COCO has them',
    got: `${data.name}, which has none`,
    hint: 'For example: shapes-detection',
  })
}

/** The most objects of an image to train on: as many places for boxes the network has. */
export const countObjects = (data: Dataset): TaskMemory => ({
  objects: Math.max(withObjects(data).objects.most, 1),
})

const FIGURES: readonly Curve[] = [
  { metric: 'ap', title: 'AP', percent: true },
  { metric: 'ap50', title: 'AP50', percent: true },
  { metric: 'ap75', title: 'AP75', percent: true },
]

/** The task of finding objects, as Faster R-CNN is trained for it. */
export const detection = ({
  classes,
  memory: { objects: slots = 1 },
}: Pick<TaskSetting, 'classes' | 'memory'>): Task<Dataset, DetectionMetrics> => ({
  name: 'detection',
  output: 'boxes',
  targets: batch => ({
    boxes: input('boxes', [batch, slots, 4]),
    classes: input('classes', [batch, slots], 'int32'),
    sizes: input('sizes', [batch, 2]),
  }),
  encode: (data, batch) => encodeObjects(withObjects(data), batch, slots),
  loss: outputs => {
    if (outputs.objectness === undefined)
      throw new UsageError({
        where: 'model',
        expected: 'a network that finds boxes',
        got: `one that gives ${Object.keys(outputs).join(', ')}`,
        hint: 'For example: fasterrcnn-resnet18',
      })
    const parts = Object.values(detectionLoss(outputs))
    return {
      losses: concat(
        parts.map(part => reshape(part, [...part.shape, 1])),
        1,
      ),
    }
  },
  accumulator: data => detectionAccumulator(withObjects(data)),
  review: data => detectionReview(withObjects(data)),
  figures: () => FIGURES,
  answers: detectionAnswers(classes),
  letterbox: true,
  best: { metric: 'ap', higher: true, percent: true, title: 'AP' },
})
