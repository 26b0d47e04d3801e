/** A trained network in a page: `model.onnx`, asked about what the page shows. */

import { normalized } from '../data/augment/augment.ts'
import { center } from '../data/image.ts'
import { onnxWebEngine } from '../engines/onnxruntime/web.ts'
import { FileError, messageOf } from '../errors/index.ts'
import { type Guess, guessesOf } from '../weights/guesses.ts'
import { onnxCard, openOnnxPredictor } from '../weights/onnxFile.ts'
import type { Card } from '../weights/trained.ts'
import { openPageImage, type PageImage } from './image.ts'

/** A trained network and all that is needed to ask it. */
export interface PageClassifier {
  /** What it was trained as: the network, its classes, and how images are prepared. */
  readonly card: Card
  readonly classes: readonly string[]
  /**
   * The classes of an image, the likeliest first. It is cut as in training's evaluation.
   * @throws WeightError where the answer is not a number
   */
  classify(image: PageImage, options?: { readonly top?: number }): Promise<readonly Guess[]>
  close(): Promise<void>
}

const fetched = async (url: string): Promise<Uint8Array> => {
  const refuse = (got: string): never => {
    throw new FileError({ where: url, expected: 'an ONNX file that Excite exported', got })
  }
  const response = await fetch(url).catch(error => refuse(messageOf(error)))
  if (!response.ok) refuse(`status ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

/**
 * Opens an ONNX file that Excite exported. Needs the package onnxruntime-web.
 * @param model - its address, which is fetched, or its bytes
 * @throws FileError when it is missing, damaged, or not Excite's
 */
export const openClassifier = async (model: string | Uint8Array): Promise<PageClassifier> => {
  const where = typeof model === 'string' ? model : 'model'
  const bytes = typeof model === 'string' ? await fetched(model) : model
  const card = onnxCard(bytes, where)
  const shape = [card.channels, card.height, card.width] as const
  const { infer, dispose } = await openOnnxPredictor(onnxWebEngine, bytes, card, 1)
  return {
    card,
    classes: card.classes,
    classify: async (image, { top } = {}) => {
      const open = await openPageImage(image)
      const pixels = await open.read(center(open, shape, card.cropPct), shape)
      return guessesOf(await infer(normalized(pixels, shape, card)), card.classes, where, top)
    },
    close: dispose,
  }
}
