/** An ONNX file that Excite exported: what its metadata says, and its answers by ONNX Runtime. */

import type { OnnxRuntimeEngine } from '../engines/onnxruntime/session.ts'
import { input } from '../graph/index.ts'
import { readOnnx } from '../onnx/read/index.ts'
import type { Predictor } from './predictor.ts'
import { type Card, readCard } from './trained.ts'

/** Whether a file is to be read as ONNX: by its name. */
export const isOnnx = (path: string): boolean => path.endsWith('.onnx')

/** What `exportOnnx` wrote of the card. */
const cardText = (metadata: ReadonlyMap<string, string>): string | undefined => {
  const text = (name: string): string => metadata.get(name) ?? 'null'
  const parse = (name: string): unknown => JSON.parse(text(name))
  if (!metadata.has('classes') || !metadata.has('preprocessing')) return undefined
  const {
    layout: _,
    order: __,
    scale: ___,
    note: ____,
    ...image
  } = parse('preprocessing') as Record<string, unknown>
  return JSON.stringify({
    model: metadata.get('model'),
    attention: metadata.get('attention'),
    variations: parse('variations') ?? undefined,
    origin: parse('origin') ?? undefined,
    classes: parse('classes'),
    ...image,
  })
}

/**
 * The card of an ONNX file.
 * @param where - the file's name, for the error
 * @throws FileError for one that is damaged, or that Excite did not export
 */
export const onnxCard = (bytes: Uint8Array, where: string): Card =>
  readCard(cardText(readOnnx(bytes, where).metadata), where)

/** Compiles the file for a batch size: images in, logits out, by ONNX Runtime. */
export const openOnnxPredictor = async (
  { compileModel }: OnnxRuntimeEngine,
  bytes: Uint8Array,
  { channels, height, width, classes }: Card,
  batch: number,
  threads?: number,
): Promise<Predictor> => {
  const images = input('images', [batch, channels, height, width])
  const logits = input('logits', [batch, classes.length])
  const signature = { inputs: [images], outputs: { logits } }
  const compiled = await compileModel(bytes, signature, { threads })
  return {
    infer: async data => {
      const results = await compiled.run({ images: { shape: images.shape, data } })
      return Float32Array.from(results.logits.data)
    },
    dispose: () => compiled.dispose(),
  }
}
