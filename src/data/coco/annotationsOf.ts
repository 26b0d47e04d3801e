/** The objects of a dataset as COCO's annotations have them: as its images are written, at the network's size. */

import { placeBox } from '../augment/place.ts'
import type { DetectionDataset } from '../dataset.ts'

/** Placed as nothing augments them. */
const AS_IS = { augmentation: {}, seed: 0, epoch: 0 } as const

/**
 * Annotations of a dataset, to be written as JSON.
 * @param fileOf - the path of an image in the folder of the images
 */
export const annotationsOf = (
  { name, classes, shape, labels, objects }: DetectionDataset,
  fileOf: (index: number) => string,
) => {
  const [, height, width] = shape
  const indices = [...labels.keys()]
  return {
    info: { description: name },
    images: indices.map(index => ({
      id: objects.of(index).id,
      file_name: fileOf(index),
      width,
      height,
    })),
    annotations: indices.flatMap(index => {
      const own = objects.of(index)
      const placement = objects.place(index, AS_IS)
      const { window } = placement
      const scale = (placement.width / window.width) * (placement.height / window.height)
      return Array.from(own.labels, (label, i) => {
        const [x1, y1, x2, y2] = placeBox(own.boxes.subarray(4 * i, 4 * i + 4), placement)
        return {
          id: own.ids[i],
          image_id: own.id,
          category_id: objects.categoryIds[label - 1],
          bbox: [x1, y1, x2 - x1, y2 - y1],
          area: own.areas[i] * scale,
          iscrowd: own.crowds[i],
        }
      })
    }),
    categories: classes.map((name, i) => ({ id: objects.categoryIds[i], name })),
  }
}
