/** An ONNX file that is asked about images: what is said of it, and its answers by ONNX Runtime. */

import type { OnnxRuntimeEngine } from '../engines/onnxruntime/session.ts'
import { FileError } from '../errors/index.ts'
import { input } from '../graph/index.ts'
import { type FileModel, type FileValue, readOnnx } from '../onnx/read/index.ts'
import { readable } from '../text/visible.ts'
import { arranged, asLogits } from './arrange.ts'
import { type Description, describe, readDescription } from './description.ts'
import type { Predictor } from './predictor.ts'
import { readCard } from './trained.ts'

/** Whether a file is to be read as ONNX: by its name. */
export const isOnnx = (path: string): boolean => /\.onnx$/i.test(path)

/** Where the description of a file stands: `flowers.json` beside `flowers.onnx`. */
export const descriptionPath = (path: string): string => `${path.replace(/\.onnx$/i, '')}.json`

/** The key of a file's metadata under which its description stands. */
export const METADATA_KEY = 'excite'

/** The card that files before `model.json` had in their metadata, in parts. */
const oldCard = (metadata: ReadonlyMap<string, string>): string | undefined => {
  const parse = (name: string): unknown => JSON.parse(metadata.get(name) ?? 'null')
  if (!metadata.has('classes') || !metadata.has('preprocessing')) return undefined
  try {
    const preprocessing = parse('preprocessing') as Record<string, unknown>
    const { layout: _, order: __, scale: ___, note: ____, ...image } = preprocessing
    return JSON.stringify({
      model: metadata.get('model'),
      attention: metadata.get('attention'),
      variations: parse('variations') ?? undefined,
      origin: parse('origin') ?? undefined,
      classes: parse('classes'),
      ...image,
    })
  } catch {
    return 'not JSON'
  }
}

/** What an ONNX file says of itself; undefined where Excite did not export it. */
export const ownDescription = ({ metadata }: FileModel, where: string): Description | undefined => {
  const text = metadata.get(METADATA_KEY)
  if (text !== undefined) return readDescription(text, `${where}, metadata ${METADATA_KEY}`)
  const card = oldCard(metadata)
  return card === undefined ? undefined : describe(readCard(card, where))
}

const checkName = (
  values: readonly FileValue[],
  wanted: string,
  kind: 'input' | 'output',
  where: string,
): void => {
  const names = values.map(({ name }) => readable(name))
  if (values.some(({ name }) => name === wanted)) return
  throw new FileError({
    where,
    expected: `the ${kind} ${readable(wanted)}, as its description says`,
    got: names.join(', ') || 'none',
    hint: `Name it in the description as ${kind}.name`,
  })
}

/** What is said of an ONNX file besides what it says of itself. */
export interface Said {
  /** What the caller says, whatever the file says. */
  readonly given?: Description | undefined
  /** Reads what stands beside the file, where anything does. */
  beside?(): Promise<Description | undefined>
}

/**
 * What is known of an ONNX file.
 * @param where - the file's name, for the error
 * @throws FileError for a file that is damaged, is not described, or is another than is described
 */
export const onnxDescription = async (
  bytes: Uint8Array,
  where: string,
  { given, beside }: Said = {},
): Promise<Description> => {
  const model = readOnnx(bytes, where)
  const description = given ?? ownDescription(model, where) ?? (await beside?.())
  if (description === undefined)
    throw new FileError({
      where,
      expected: 'a model that Excite exported, or its description',
      got: 'neither',
      hint: `Write ${descriptionPath(where)} beside it: docs/model-json.md has every field`,
    })
  checkName(model.graph.inputs, description.input.name, 'input', where)
  checkName(model.graph.outputs, description.output.name, 'output', where)
  return description
}

/**
 * Asks for images in chunks of a fixed number, the last one filled up.
 * @param run - answers one chunk, with `classes` logits per image
 */
export const inChunks = async (
  images: Float32Array,
  { input: { batch, channels, height, width }, labels }: Description,
  run: (chunk: Float32Array) => Promise<Float32Array>,
): Promise<Float32Array> => {
  if (batch === undefined) return run(images)
  const size = channels * height * width
  const count = images.length / size
  const logits = new Float32Array(count * labels.length)
  for (let first = 0; first < count; first += batch) {
    const chunk = new Float32Array(batch * size)
    chunk.set(images.subarray(first * size, (first + batch) * size))
    const some = (await run(chunk)).subarray(0, (count - first) * labels.length)
    logits.set(some, first * labels.length)
  }
  return logits
}

/** @throws FileError where there are more or fewer numbers than labels */
export const checkLabels = (
  logits: Float32Array,
  count: number,
  labels: readonly string[],
  where: string,
): Float32Array => {
  if (logits.length === count * labels.length) return logits
  throw new FileError({
    where,
    expected: `${labels.length} numbers per image, one per label`,
    got: `${logits.length / count}`,
    hint: 'Give as many labels as the model has classes, in their order',
  })
}

/** Compiles the file for a batch size: normalized images in, logits out, by ONNX Runtime. */
export const openOnnxPredictor = async (
  { compileModel }: OnnxRuntimeEngine,
  bytes: Uint8Array,
  description: Description,
  batch: number,
  { where, threads }: { readonly where: string; readonly threads?: number | undefined },
): Promise<Predictor> => {
  const { input: own, output, labels } = description
  const count = own.batch ?? batch
  const { shape, dtype } = arranged(
    new Float32Array(count * own.channels * own.height * own.width),
    own,
  )
  const inputs = [input(own.name, shape, dtype)]
  const outputs = { [output.name]: input(output.name, [count, labels.length]) }
  const compiled = await compileModel(bytes, { inputs, outputs }, { threads })
  return {
    infer: images =>
      inChunks(images, description, async chunk => {
        const results = await compiled.run({ [own.name]: arranged(chunk, own) })
        const logits = asLogits(results[output.name].data, description)
        return checkLabels(logits, count, labels, where)
      }).then(data => ({
        [output.values === 'numbers' ? 'values' : 'logits']: {
          shape: [data.length / labels.length, labels.length],
          data,
        },
      })),
    dispose: () => compiled.dispose(),
  }
}
