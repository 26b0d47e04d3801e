/** Detections as COCO's results JSON, which other tools read. */

import type { DatasetObjects } from '../../data/objects.ts'
import type { ImageDetections } from './match.ts'

/** One detection as COCO's results have it. */
export interface CocoResult {
  /** The image's id in the annotations. */
  readonly image_id: number
  /** The class's id there. */
  readonly category_id: number
  /** x, y, width and height in pixels of the image. */
  readonly bbox: readonly [x: number, y: number, width: number, height: number]
  /** How sure it is; not rounded, since ties and their order decide figures. */
  readonly score: number
}

/** What was found in an image of a dataset. */
export const cocoResults = (
  { of, categoryIds }: Pick<DatasetObjects, 'of' | 'categoryIds'>,
  index: number,
  { boxes, scores, labels }: ImageDetections,
): readonly CocoResult[] =>
  Array.from(labels, (label, i) => ({
    image_id: of(index).id,
    category_id: categoryIds[label - 1],
    bbox: [boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3]],
    score: scores[i],
  }))
