/** A trained network that finds objects in images: of a run or a file of weights. */

import type { ImageInput } from '../data/decode/openImage.ts'
import { UsageError } from '../errors/index.ts'
import { SURE } from '../tasks/detection/errors.ts'
import type { FoundObject } from '../tasks/task.ts'
import {
  type Classifier,
  type ClassifierOptions,
  type NetworkInput,
  openClassifier,
} from './classifier.ts'

/** A trained detector and all that is needed to ask it. */
export interface Detector
  extends Pick<Classifier, 'card' | 'classes' | 'engine' | 'note' | 'evaluate' | 'close'> {
  /**
   * The objects in an image, the surest first: of a file by its path, of a file's bytes, or of pixels.
   * The image is seen whole; boxes are in its own pixels.
   * @throws FileError for what cannot be decoded
   */
  detect(
    image: ImageInput,
    options?: {
      /** The least score that an object has; 0.5 unless given. */
      readonly score?: number | undefined
    },
  ): Promise<readonly FoundObject[]>
}

/**
 * Opens a detector, as `openClassifier` opens a classifier.
 * @throws UsageError where there is none, the network is for another task, or it is an ONNX file
 * @example
 * const detector = await openDetector('runs/street')
 * for (const { class: name, score, box } of await detector.detect('photo.jpg')) console.log(name, score, box)
 * await detector.close()
 */
export const openDetector = async (
  network: NetworkInput,
  options: ClassifierOptions = {},
): Promise<Detector> => {
  const opened = await openClassifier(network, options)
  const { card, classes, engine, note, evaluate, task, answer, close } = opened
  if (task.name !== 'detection') {
    await close()
    throw new UsageError({
      where: typeof network === 'string' ? network : 'network',
      expected: 'a network that finds objects',
      got: `one for ${task.name}`,
      hint: 'Open it by openClassifier',
    })
  }
  return {
    ...{ card, classes, engine, note, evaluate, close },
    detect: async (image, { score: least = SURE } = {}) =>
      ((await answer(image)).found ?? []).filter(({ score }) => score >= least),
  }
}
