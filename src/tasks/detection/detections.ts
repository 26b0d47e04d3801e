/** What a detector found, in pixels of the images themselves. */

import { type Placement, unplaceBox } from '../../data/augment/place.ts'
import type { Tensors } from '../../engines/engine.ts'
import type { ImageDetections } from './match.ts'

/**
 * What was found in one image.
 * @param outputs - `boxes` [N, D, 4] in pixels of the network's input, `scores` and `labels` [N, D]; a
 *   label of 0 is an empty slot
 * @param row - the image's in the outputs
 */
export const detectionsOf = (
  { boxes, scores, labels }: Tensors,
  row: number,
  placement: Placement,
): ImageDetections => {
  const slots = labels.shape[1]
  const places = Array.from({ length: slots }, (_, i) => row * slots + i).filter(
    i => labels.data[i] > 0,
  )
  // What reaches into the padding ends where the image does.
  const within = (i: number): number[] =>
    Array.from(boxes.data.subarray(4 * i, 4 * i + 4), (at, k) =>
      Math.min(at, k % 2 === 0 ? placement.width : placement.height),
    )
  return {
    boxes: Float64Array.from(places.flatMap(i => unplaceBox(within(i), placement))),
    scores: Float64Array.from(places, i => scores.data[i]),
    labels: Uint16Array.from(places, i => labels.data[i]),
  }
}

/** How images are prepared that are not augmented. */
export const AS_IS = { augmentation: {}, seed: 0, epoch: 0 } as const
