/**
 * `shapes-detection`: scenes of many shapes, which need no files, for detectors. Some have no object,
 * some a crowd; boxes and areas are those of the pixels that show an object.
 */

import { random } from '../../random/index.ts'
import { type DetectionDataset, pixelDataset } from '../dataset.ts'
import { datasetObjects, type ImageObjects } from '../objects.ts'
import { MOST_OBJECTS, paintScene, type Scene } from './scene.ts'
import { SHAPE_CLASSES, type ShapesOptions } from './shapes.ts'

/** The size of scenes, unless told. */
const SIZE = 128

const objectsOf = ({ objects }: Scene, index: number, size: number): ImageObjects => ({
  id: index + 1,
  width: size,
  height: size,
  boxes: Float64Array.from(objects.flatMap(({ box }) => box)),
  labels: Uint16Array.from(objects, ({ label }) => label + 1),
  areas: Float64Array.from(objects, ({ area }) => area),
  crowds: Uint8Array.from(objects, ({ isCrowd }) => Number(isCrowd)),
  ids: Float64Array.from(objects, (_, i) => (MOST_OBJECTS + 1) * index + i + 1),
})

/** The dataset; scenes are painted when first asked for, and kept. */
export const openShapesDetection = ({
  split,
  count,
  size = SIZE,
  seed = 0,
}: ShapesOptions): DetectionDataset => {
  const source = random(seed).fork('shapes-detection').fork(split)
  const shape = [3, size, size] as const
  const painted = new Map<number, Scene>()
  const scene = (index: number): Scene => {
    const known = painted.get(index) ?? paintScene(size, source.fork(index))
    painted.set(index, known)
    return known
  }
  const images = {
    name: 'shapes-detection',
    task: 'detection',
    split,
    classes: SHAPE_CLASSES,
    shape,
    labels: new Int32Array(count),
    objects: datasetObjects(shape, {
      most: MOST_OBJECTS,
      categoryIds: SHAPE_CLASSES.map((_, i) => i + 1),
      of: index => objectsOf(scene(index), index, size),
    }),
    read: (index: number) => scene(index).pixels,
  }
  return pixelDataset(images)
}
