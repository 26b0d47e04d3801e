/** A trained network that says what is in an image: of a run, a file of weights, or `model.onnx`. */

import { readFile, stat } from 'node:fs/promises'
import { normalized } from '../data/augment/augment.ts'
import type { Dataset } from '../data/dataset.ts'
import { type ImageInput, readImage } from '../data/decode/openImage.ts'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { openEngine } from '../engines/registry.ts'
import { UsageError } from '../errors/index.ts'
import type { Model } from '../models/registry.ts'
import { writeFileAtomic } from '../platform/node/files.ts'
import {
  type ClassificationMetrics,
  classification,
  perClassAccuracy,
} from '../tasks/classification.ts'
import { evaluate } from '../train/evaluate.ts'
import { checkExport, exportOnnx } from '../weights/export.ts'
import { type Guess, guessesOf, notFinite } from '../weights/guesses.ts'
import { isOnnx, onnxCard, openOnnxPredictor } from '../weights/onnxFile.ts'
import { openPredictor, type Predictor } from '../weights/predictor.ts'
import type { Card, Trained } from '../weights/trained.ts'
import { loadTrained } from './runFolder.ts'

/** How a classifier is opened. */
export interface ClassifierOptions {
  /** Which weights of a run: those of the epoch that did best, or of the last. */
  readonly weights?: 'best' | 'last' | undefined
  /** What computes; the fastest that is here unless given. */
  readonly engine?: string | undefined
  /** Threads to compute with; the engine's default unless given. */
  readonly threads?: number | undefined
  /** The network, where it holds code that is not registered. */
  readonly network?: Model | undefined
}

/** A trained network and all that is needed to ask it. */
export interface Classifier {
  /** What it was trained as: the network, its classes, and how images are prepared. */
  readonly card: Card
  /** The names of the classes, in the order of the logits. */
  readonly classes: readonly string[]
  /** What computes, with its version. */
  readonly engine: string
  /** Why nothing faster computes, where nobody asked for this. */
  readonly note: string | undefined
  /**
   * The classes of an image, the likeliest first: of a file by its path, of a file's bytes, or of
   * pixels. It is cut as in training's evaluation.
   * @throws FileError for what cannot be decoded, WeightError where the answer is not a number
   */
  classify(
    image: ImageInput,
    options?: { readonly top?: number | undefined },
  ): Promise<readonly Guess[]>
  /** The classes of an image of a dataset, which is prepared already: planar, 0 to 255. */
  classifyPrepared(pixels: Uint8Array, top?: number): Promise<readonly Guess[]>
  /**
   * Loss and accuracy over a dataset.
   * @throws WeightError where the loss is not a number
   */
  evaluate(dataset: Dataset, options?: EvaluationOptions): Promise<Evaluation>
  /** The network as an ONNX file, checked against the network itself; written where a path is given. */
  exportOnnx(path?: string): Promise<Uint8Array>
  /** Frees what the engine holds. */
  close(): Promise<void>
}

/** How a network does on a dataset. */
export interface Evaluation extends ClassificationMetrics {
  /** In the order of the classes: how many images, and which fraction of them was right. */
  readonly perClass: readonly { readonly count: number; readonly top1: number }[]
}

/** How a dataset is gone through. */
export interface EvaluationOptions {
  /** Images at a time. */
  readonly batch?: number | undefined
  readonly onBatch?: ((done: number, total: number) => void) | undefined
}

/** What answers, whatever it was read from. */
interface Source {
  readonly card: Card
  open(batch: number): Promise<Predictor>
  export(): Promise<Uint8Array>
}

const sourceOf = (trained: Trained, open: Source['open']): Source => ({
  card: trained.card,
  open,
  export: async () => {
    const bytes = exportOnnx(trained)
    await checkExport(bytes, trained)
    return bytes
  },
})

const onnxSource = async (path: string, threads: number | undefined): Promise<Source> => {
  const bytes = await readFile(path)
  const card = onnxCard(bytes, path)
  return {
    card,
    open: batch => openOnnxPredictor(onnxEngine, bytes, card, batch, threads),
    export: async () => bytes,
  }
}

/** An ONNX file is run by ONNX Runtime; a folder's own weights by any engine. */
const isOnnxPath = async (path: string): Promise<boolean> =>
  (await stat(path).then(
    found => found.isFile(),
    () => false,
  )) && isOnnx(path)

/** What may be asked of an ONNX file: nothing, or what runs it, by its names of now and before. */
const ONNX_ENGINES = [undefined, 'onnxruntime', 'onnx', 'cpu']

/**
 * Opens the network of a run's folder, of its weights, or of an ONNX file that Excite exported.
 * @throws UsageError when there is none; FileError or WeightError when it is damaged
 */
export const openClassifier = async (
  path: string,
  options: ClassifierOptions = {},
): Promise<Classifier> => {
  const { weights = 'best', threads, network } = options
  const fromOnnx = await isOnnxPath(path)
  if (fromOnnx && !ONNX_ENGINES.includes(options.engine))
    throw new UsageError({
      where: 'engine',
      expected: 'onnxruntime, which runs ONNX files',
      got: `${options.engine}`,
    })
  const engine = await openEngine(fromOnnx ? 'onnxruntime' : options.engine)
  const load = async (): Promise<Source> => {
    if (fromOnnx) return onnxSource(path, threads)
    const trained = await loadTrained(path, weights, network)
    return sourceOf(trained, batch => openPredictor(trained, batch, engine.engine, threads))
  }
  const source = await load()
  const { card } = source
  if (card.task !== undefined)
    throw new UsageError({
      where: path,
      expected: 'a network that tells classes apart',
      got: `one for ${card.task}`,
      hint: 'Ask it by weights.openPredictor',
    })
  const shape = [card.channels, card.height, card.width] as const
  const single = await source.open(1)
  const classifyPrepared = async (pixels: Uint8Array, top?: number) =>
    guessesOf(await single.infer(normalized(pixels, shape, card)), card.classes, path, top)
  return {
    card,
    classes: card.classes,
    engine: `${engine.name} ${engine.version}`,
    note: engine.note,
    classify: async (image, { top } = {}) =>
      classifyPrepared(await readImage(image, shape, card.cropPct), top),
    classifyPrepared,
    evaluate: async (dataset, { batch = 100, onBatch } = {}) => {
      const predictor = await source.open(batch)
      try {
        const shape = [batch, card.classes.length]
        const byClass = perClassAccuracy(dataset)
        const metrics = await evaluate(dataset, {
          batch,
          normalization: card,
          infer: async images => ({ logits: { shape, data: await predictor.infer(images) } }),
          accumulator: classification().accumulator(dataset),
          onBatch: (done, outputs, one) => {
            byClass.add(outputs, one)
            onBatch?.(done, dataset.labels.length)
          },
        })
        if (!Number.isFinite(metrics.loss)) throw notFinite(path, `a loss of ${metrics.loss}`)
        return { ...metrics, perClass: byClass.perClass() }
      } finally {
        await predictor.dispose()
      }
    },
    exportOnnx: async to => {
      const bytes = await source.export()
      if (to !== undefined) await writeFileAtomic(to, bytes)
      return bytes
    },
    close: () => single.dispose(),
  }
}
