/** The objects of a batch as a detector is trained on them: boxes that moved with their images. */

import { placeBox } from '../../data/augment/place.ts'
import type { DetectionDataset } from '../../data/dataset.ts'
import type { Batch } from '../../data/loader.ts'
import type { Tensors } from '../../engines/engine.ts'
import { UsageError } from '../../errors/index.ts'

/** Boxes of less are no use to learn from, and one without area makes a loss that is not a number. */
const LEAST_SIDE = 1

/** Augmentations that move pixels where no box follows. */
const UNFOLLOWED = ['crop', 'rotate', 'randAugment'] as const

const checkFollowed = ({ preparation, mixed }: Pick<Batch, 'preparation' | 'mixed'>): void => {
  const moved = UNFOLLOWED.find(name => preparation.augmentation[name] !== undefined)
  if (moved === undefined && mixed === undefined) return
  throw new UsageError({
    where: moved === undefined ? 'recipe.mixing' : `recipe.augment.${moved}`,
    expected: 'augmentation that boxes can follow: flip, scaleJitter or resizedCrop, and of colors',
    got: moved ?? 'mixed images',
  })
}

/** The height and width of each image of a batch in the network's input, without its padding: [N, 2]. */
export const encodeSizes = (
  { objects }: Pick<DetectionDataset, 'objects'>,
  { indices, preparation }: Pick<Batch, 'indices' | 'preparation'>,
): Tensors => {
  const sizes = Array.from(indices, index => objects.place(index, preparation)).flatMap(
    ({ height, width }) => [height, width],
  )
  return { sizes: { shape: [indices.length, 2], data: Float32Array.from(sizes) } }
}

/**
 * The targets of a batch: `boxes` [N, slots, 4] as x1, y1, x2, y2 in pixels of the network's input,
 * `classes` [N, slots] from 1, with 0 for an empty slot, and `sizes`. Crowds are left out, and what
 * cropping left less of than a pixel.
 * @param slots - the most boxes of an image; further ones are left out
 */
export const encodeObjects = (
  { objects }: Pick<DetectionDataset, 'objects'>,
  batch: Pick<Batch, 'indices' | 'preparation' | 'mixed'>,
  slots: number,
): Tensors => {
  checkFollowed(batch)
  const { indices, preparation } = batch
  const boxes = new Float32Array(indices.length * slots * 4)
  const classes = new Int32Array(indices.length * slots)
  for (const [row, index] of indices.entries()) {
    const { labels, crowds, boxes: own } = objects.of(index)
    const placement = objects.place(index, preparation)
    let slot = row * slots
    for (const [i, label] of labels.entries()) {
      const [x1, y1, x2, y2] = placeBox(own.subarray(4 * i, 4 * i + 4), placement)
      if (crowds[i] === 1 || Math.min(x2 - x1, y2 - y1) < LEAST_SIDE) continue
      if (slot === (row + 1) * slots) break
      boxes.set([x1, y1, x2, y2], 4 * slot)
      classes[slot++] = label
    }
  }
  return {
    boxes: { shape: [indices.length, slots, 4], data: boxes },
    classes: { shape: [indices.length, slots], data: classes },
    ...encodeSizes({ objects }, batch),
  }
}
