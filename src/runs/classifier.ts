/** A trained network that says what is in an image: of a run, a file of weights, or `model.onnx`. */

import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { normalized } from '../data/augment/augment.ts'
import type { Placement } from '../data/augment/place.ts'
import type { Dataset } from '../data/dataset.ts'
import { type ImageInput, readImage, wholeImage } from '../data/decode/openImage.ts'
import type { Batch } from '../data/loader.ts'
import { fetchBytes } from '../data/sets/fetchBytes.ts'
import type { Tensors } from '../engines/engine.ts'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { type AvailableEngine, openEngine } from '../engines/registry.ts'
import { UsageError } from '../errors/index.ts'
import type { Model } from '../models/registry.ts'
import { readRequired, readWhole } from '../platform/node/files.ts'
import { CLASSIFICATION, trainedTask } from '../tasks/registry.ts'
import type { Answer, Metrics, PerClass, Task } from '../tasks/task.ts'
import { evaluate } from '../train/evaluate.ts'
import { cardOf, type Description, readDescription, type Serving } from '../weights/description.ts'
import { type Guess, guessesOf, notFinite } from '../weights/guesses.ts'
import { descriptionPath, isOnnx, onnxDescription, openOnnxPredictor } from '../weights/onnxFile.ts'
import { openPredictor, type Predictor } from '../weights/predictor.ts'
import type { Card, Trained } from '../weights/trained.ts'
import { loadTrained } from './runFolder.ts'
import { checkedOnnx, type OnnxExport, writeOnnx } from './writeOnnx.ts'

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
  /** What an ONNX file takes and gives, where it is somebody else's: `model.json`, its path or content. */
  readonly description?: Description | string | undefined
}

/** What is asked about: any image, or the pixels of a dataset's, which are prepared already. */
export type Asked = ImageInput | { readonly prepared: Uint8Array }

/** A trained network and all that is needed to ask it. */
export interface Classifier {
  /** What it was trained as: the network, its classes, and how images are prepared. */
  readonly card: Card
  /** What it was trained for. */
  readonly task: Task
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
   * What its task says of an image, as text, as JSON and as columns of a table; `prepared` are pixels
   * of a dataset's image.
   * @throws FileError for what cannot be decoded, WeightError where the answer is not a number
   */
  answer(image: Asked, options?: { readonly top?: number | undefined }): Promise<Answer>
  /**
   * Loss and metrics over a dataset.
   * @throws WeightError where the loss is not a number
   */
  evaluate(dataset: Dataset, options?: EvaluationOptions): Promise<Evaluation>
  /**
   * The network as an ONNX file, checked against the network itself; written where a path is given,
   * with `model.json` beside it.
   */
  exportOnnx(path?: string, serving?: Serving): Promise<Uint8Array>
  /** Frees what the engine holds. */
  close(): Promise<void>
}

/** How a network does on a dataset. */
export interface Evaluation {
  /** The loss and what else the task measures, such as `top1`. */
  readonly metrics: Metrics
  /** In the order of the classes: how many images, and of classification recall (`top1`), precision and F1. */
  readonly perClass: PerClass
}

/** How a dataset is gone through. */
export interface EvaluationOptions {
  /** Images at a time. */
  readonly batch?: number | undefined
  readonly onBatch?: ((done: number, total: number) => void) | undefined
  /** Sees the logits of every batch. */
  readonly observe?: ((outputs: Tensors, batch: Batch) => void) | undefined
}

/** What answers, whatever it was read from. */
export interface Source {
  readonly card: Card
  open(batch: number): Promise<Predictor>
  /** The network as an ONNX file, checked against the network itself, and its description. */
  export(serving?: Serving): Promise<OnnxExport>
}

const sourceOf = (trained: Trained, open: Source['open']): Source => ({
  card: trained.card,
  open,
  export: serving => checkedOnnx(trained, serving),
})

/** A network as a program has it: a run's folder, a file, an address, or the bytes of an ONNX file. */
export type NetworkInput = string | URL | Uint8Array

/** An ONNX file: its bytes, its name, and how a file beside it is read. */
interface OnnxInput {
  readonly where: string
  readonly bytes: Uint8Array
  read(path: string): Promise<Uint8Array>
}

const isAddress = (text: string): boolean => /^https?:/i.test(text)

/** Reads what is an ONNX file; undefined for a folder, or for a file of weights. */
const onnxInput = async (network: NetworkInput): Promise<OnnxInput | undefined> => {
  if (network instanceof Uint8Array) return { where: 'model', bytes: network, read: readWhole }
  const where = pathOf(network)
  if (isAddress(where)) return { where, bytes: await fetchBytes(where), read: fetchBytes }
  const found = await stat(where).catch(() => undefined)
  if (!isOnnx(where) || !found?.isFile()) return undefined
  return { where, bytes: await readWhole(where), read: readWhole }
}

/** A file's path, or an address. */
const pathOf = (network: string | URL): string =>
  network instanceof URL && network.protocol === 'file:' ? fileURLToPath(network) : `${network}`

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const onnxSource = async (
  { where, bytes, read }: OnnxInput,
  { threads, description: said }: ClassifierOptions,
): Promise<Source> => {
  const description = await onnxDescription(bytes, where, {
    given: typeof said === 'string' ? readDescription(text(await readRequired(said)), said) : said,
    beside: async () => {
      const path = descriptionPath(where)
      const found = isOnnx(where) ? await read(path).catch(() => undefined) : undefined
      return found && readDescription(text(found), path)
    },
  })
  const card = cardOf(description)
  if (card.task === 'detection')
    throw new UsageError({
      where,
      expected: 'the folder of a run, or its weights',
      got: 'an ONNX file of a detector, whose boxes are not read here',
      hint: 'Ask the run; the file is for ONNX Runtime, and gives boxes, scores and labels',
    })
  return {
    card,
    open: batch => openOnnxPredictor(onnxEngine, bytes, description, batch, { where, threads }),
    export: async serving => {
      if (serving === undefined) return { bytes, description }
      throw new UsageError({
        where,
        expected: 'the folder of a run, or its weights, to export anew',
        got: 'an ONNX file',
      })
    },
  }
}

/** What may be asked of an ONNX file: nothing, or what runs it, by its names of now and before. */
const ONNX_ENGINES = [undefined, 'onnxruntime', 'onnx', 'cpu']

/**
 * Opens a network: of a run's folder, of its weights, or an ONNX file by its path, address or bytes,
 * which Excite exported or `model.json` describes. An ONNX file runs in this process: give none whose
 * maker you do not trust.
 * @throws UsageError when there is none; FileError or WeightError when it is damaged
 */
export const openClassifier = async (
  network: NetworkInput,
  options: ClassifierOptions = {},
): Promise<Classifier> => {
  const onnx = await onnxInput(network)
  const { engine: wanted, weights = 'best', threads } = options
  if (onnx === undefined) {
    const path = pathOf(network as string | URL)
    const engine = await openEngine(wanted)
    const trained = await loadTrained(path, weights, options.network)
    const source = sourceOf(trained, batch => openPredictor(trained, batch, engine.engine, threads))
    return classifierOf(source, path, engine)
  }
  if (!ONNX_ENGINES.includes(wanted))
    throw new UsageError({
      where: 'engine',
      expected: 'onnxruntime, which runs ONNX files',
      got: `${wanted}`,
    })
  const source = await onnxSource(onnx, options)
  return classifierOf(source, onnx.where, await openEngine('onnxruntime'))
}

/** A classifier of whatever answers. */
export const classifierOf = async (
  source: Source,
  path: string,
  engine: Pick<AvailableEngine, 'name' | 'version' | 'note'>,
): Promise<Classifier> => {
  const { card } = source
  const task = trainedTask(card)
  if (task === undefined)
    throw new UsageError({
      where: path,
      expected: 'a network for a task that is known by name',
      got: `one for ${card.task}`,
      hint: 'Register the task by register.task, or ask the network by weights.openPredictor',
    })
  const shape = [card.channels, card.height, card.width] as const
  const single = await source.open(1)
  const preparedFor = async (
    image: Asked,
  ): Promise<{ readonly input: Float32Array; readonly placement?: Placement }> => {
    if (typeof image === 'object' && 'prepared' in image)
      return { input: normalized(image.prepared, shape, card) }
    if (task.letterbox) return wholeImage(image, shape, card)
    return { input: normalized(await readImage(image, shape, card), shape, card) }
  }
  const outputsFor = async (input: Float32Array) => {
    const outputs = await single.infer(input)
    for (const { data } of Object.values(outputs)) {
      const bad = Array.from(data).find(value => !Number.isFinite(value))
      if (bad !== undefined) throw notFinite(path, `${bad}`)
    }
    return outputs
  }
  const classify = async (image: Asked, top?: number): Promise<readonly Guess[]> => {
    if (task.name === CLASSIFICATION)
      return guessesOf(
        (await outputsFor((await preparedFor(image)).input)).logits.data,
        card.classes,
        path,
        top,
      )
    throw new UsageError({
      where: path,
      expected: 'a network that tells classes apart',
      got: `one for ${task.name}`,
      hint: 'Ask it by `answer`',
    })
  }
  return {
    card,
    task,
    classes: card.classes,
    engine: `${engine.name} ${engine.version}`,
    note: engine.note,
    classify: (image, { top } = {}) => classify(image, top),
    classifyPrepared: (prepared, top) => classify({ prepared }, top),
    answer: async (image, { top } = {}) => {
      const { input, placement } = await preparedFor(image)
      if (task.answers) return task.answers.answer(await outputsFor(input), 0, top, placement)
      throw new UsageError({
        where: `task ${task.name}`,
        expected: 'a task that answers for single images',
        got: 'one without `answers`',
      })
    },
    evaluate: async (dataset, { batch = 100, onBatch, observe } = {}) => {
      const predictor = await source.open(batch)
      try {
        const review = task.review?.(dataset)
        const metrics = await evaluate(dataset, {
          batch,
          normalization: card,
          infer: images => predictor.infer(images),
          accumulator: task.accumulator(dataset),
          onBatch: (done, outputs, one) => {
            review?.add(outputs, one)
            observe?.(outputs, one)
            onBatch?.(done, dataset.labels.length)
          },
        })
        if (!Number.isFinite(metrics.loss)) throw notFinite(path, `a loss of ${metrics.loss}`)
        return { metrics, perClass: review?.perClass?.() ?? { columns: [], rows: [] } }
      } finally {
        await predictor.dispose()
      }
    },
    exportOnnx: async (to, serving) => {
      const made = await source.export(serving)
      if (to !== undefined) await writeOnnx(to, made)
      return made.bytes
    },
    close: () => single.dispose(),
  }
}
