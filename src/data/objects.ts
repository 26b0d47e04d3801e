/** The objects of images: boxes, classes, areas and crowds, as COCO's annotations have them. */

import { type Placement, placed } from './augment/place.ts'
import type { ImageShape, Size } from './image.ts'
import { drawOf, type Preparation } from './prepare.ts'

/** The objects of one image, in columns. */
export interface ImageObjects extends Size {
  /** The image's id in the annotations. */
  readonly id: number
  /** x, y, width and height of each object, in pixels of the image. */
  readonly boxes: Float64Array
  /** The class of each object, from 1: 0 is the background. */
  readonly labels: Uint16Array
  /** The area of each object, of its outline rather than of its box. */
  readonly areas: Float64Array
  /** 1 where a box holds a crowd of objects: found ones in it are not counted. */
  readonly crowds: Uint8Array
  /** The id of each object in the annotations. */
  readonly ids: Float64Array
}

/** The objects of all images of a dataset. */
export interface DatasetObjects {
  /** The most objects besides crowds that an image has. */
  readonly most: number
  /** The id in the annotations of each class, in their order. */
  readonly categoryIds: readonly number[]
  /** The objects of an image. */
  of(index: number): ImageObjects
  /** Where an image that is prepared so lies in the network's input. */
  place(index: number, preparation: Pick<Preparation, 'augmentation' | 'seed' | 'epoch'>): Placement
}

/** The objects of images that are seen in a shape. */
export const datasetObjects = (
  shape: ImageShape,
  objects: Omit<DatasetObjects, 'place'>,
): DatasetObjects => ({
  ...objects,
  place: (index, preparation) =>
    placed(objects.of(index), shape, preparation.augmentation, drawOf(preparation, index)),
})
