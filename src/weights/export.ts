/** A trained network as one ONNX file: weights, class names and preprocessing in it, any batch size. */

import { compileOnnx } from '../engines/onnxruntime/engine.ts'
import { WeightError } from '../errors/index.ts'
import { type Graph, sizeOf } from '../graph/index.ts'
import { inferenceGraph } from '../models/inferenceGraph.ts'
import { variables } from '../nn/index.ts'
import { emit } from '../onnx/emit.ts'
import { encodeModel } from '../onnx/encode.ts'
import { foldBatchNorm } from '../passes/foldBatchNorm.ts'
import { random } from '../random/index.ts'
import type { Card, Trained } from './trained.ts'

const graphOf = ({ card, model }: Trained, batch: number): Graph =>
  inferenceGraph(model, batch, [card.height, card.width])

/** What a service needs to know to feed the network and to read its logits. */
export const onnxMetadata = ({
  model,
  attention,
  variations,
  custom: _,
  task,
  classes,
  origin,
  ...image
}: Card): Record<string, string> => ({
  model,
  ...(attention === undefined ? {} : { attention }),
  ...(variations === undefined ? {} : { variations: JSON.stringify(variations) }),
  ...(task === undefined ? {} : { task }),
  classes: JSON.stringify(classes),
  ...(origin === undefined ? {} : { origin: JSON.stringify(origin) }),
  preprocessing: JSON.stringify({
    ...image,
    layout: 'NCHW',
    order: image.channels === 3 ? 'RGB' : 'gray',
    scale: 1 / 255,
    note: `${image.cropPct === undefined ? 'resize to width × height' : 'resize the shorter side to height / cropPct, cut width × height out of the center'}, multiply by scale, subtract mean, divide by std`,
  }),
})

/**
 * The bytes of the file: input `images` [N, C, H, W], output `logits` [N, classes]; every batch
 * normalization that follows a convolution is folded into it.
 */
export const exportOnnx = (trained: Trained): Uint8Array => {
  const { graph, tensors } = foldBatchNorm(graphOf(trained, 1), trained.tensors)
  return encodeModel(
    emit(graph, { batch: 'N', weights: tensors, metadata: onnxMetadata(trained.card) }),
  )
}

/** The largest difference of logits that rounding in another order explains, relative to their size. */
const TOLERANCE = 1e-4
const BATCH = 3

/**
 * Runs an exported file and the network itself on the same random images.
 * @returns the largest difference of their logits
 * @throws WeightError when it is more than rounding explains
 */
export const checkExport = async (bytes: Uint8Array, trained: Trained): Promise<number> => {
  const own = graphOf(trained, BATCH)
  const [entry] = own.inputs.filter(({ name }) => name === 'images')
  const draw = random(0).fork('export')
  const images = {
    shape: entry.shape,
    data: Float32Array.from({ length: sizeOf(entry.shape) }, (_, i) => draw.normal(i)),
  }
  const file = await compileOnnx(bytes, { inputs: [entry], outputs: own.outputs })
  const session = await compileOnnx(encodeModel(emit(own)), own)
  const weights = Object.fromEntries(
    variables(trained.model.network).map(({ name, tensor: { shape } }) => [
      name,
      { shape, data: trained.tensors.get(name) ?? new Float32Array() },
    ]),
  )
  const exported = (await file.run({ images })).logits.data as Float32Array
  const original = (await session.run({ images, ...weights })).logits.data as Float32Array
  await file.dispose()
  await session.dispose()
  const largest = original.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  const difference = original.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - exported[i])),
    0,
  )
  if (!(difference <= TOLERANCE * largest))
    throw new WeightError({
      where: 'export',
      expected: 'the logits of the network',
      got: `logits that differ by ${difference}`,
      hint: 'Please report this: the file is not to be used',
    })
  return difference
}
