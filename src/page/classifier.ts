/** A trained network in a page: `model.onnx`, asked about what the page shows. */

import { normalized } from '../data/augment/augment.ts'
import { center } from '../data/image.ts'
import { onnxWebEngine } from '../engines/onnxruntime/web.ts'
import { FileError, messageOf } from '../errors/index.ts'
import { cardOf, type Description, readDescription } from '../weights/description.ts'
import { type Guess, guessesOf } from '../weights/guesses.ts'
import { descriptionPath, onnxDescription, openOnnxPredictor } from '../weights/onnxFile.ts'
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

/** How a classifier is opened. */
export interface PageClassifierOptions {
  /** What the model takes and gives, where it is somebody else's: `model.json`, its address or content. */
  readonly description?: Description | string | undefined
}

const reach = async (url: string): Promise<Response> => {
  const refuse = (got: string): never => {
    throw new FileError({ where: url, expected: 'a file', got })
  }
  const response = await fetch(url).catch(error => refuse(messageOf(error)))
  return response.ok ? response : refuse(`HTTP status ${response.status}`)
}

const describedAt = async (url: string): Promise<Description> =>
  readDescription(await (await reach(url)).text(), url)

/**
 * Opens an ONNX file: one that Excite exported, or one that is described, by `model.json` beside it or
 * by the option. Needs the package onnxruntime-web.
 * @param model - its address, which is fetched, or its bytes
 * @throws FileError when it is missing, damaged, or not described
 */
export const openClassifier = async (
  model: string | URL | Uint8Array,
  { description: said }: PageClassifierOptions = {},
): Promise<PageClassifier> => {
  const isBytes = model instanceof Uint8Array
  const where = isBytes ? 'model' : `${model}`
  const bytes = isBytes ? model : new Uint8Array(await (await reach(where)).arrayBuffer())
  const description = await onnxDescription(bytes, where, {
    given: typeof said === 'string' ? await describedAt(said) : said,
    beside: async () =>
      isBytes ? undefined : describedAt(descriptionPath(where)).catch(() => undefined),
  })
  const card = cardOf(description)
  const shape = [card.channels, card.height, card.width] as const
  const { infer, dispose } = await openOnnxPredictor(onnxWebEngine, bytes, description, 1, {
    where,
  })
  return {
    card,
    classes: card.classes,
    classify: async (image, { top } = {}) => {
      const open = await openPageImage(image, card.background)
      const pixels = await open.read(center(open, shape, card.cropPct), shape)
      const { logits } = await infer(normalized(pixels, shape, card))
      return guessesOf(logits.data, card.classes, where, top)
    },
    close: dispose,
  }
}
