/** A trained network as one ONNX file: its weights, and in its metadata what a program must know to ask it. */

import { compileOnnx } from '../engines/onnxruntime/engine.ts'
import { WeightError } from '../errors/index.ts'
import { type Graph, graph, sizeOf } from '../graph/index.ts'
import { inferenceGraph } from '../models/inferenceGraph.ts'
import { variables } from '../nn/index.ts'
import { emit } from '../onnx/emit.ts'
import { encodeModel } from '../onnx/encode.ts'
import { softmax } from '../ops/index.ts'
import { foldBatchNorm } from '../passes/foldBatchNorm.ts'
import { random } from '../random/index.ts'
import { describe, type Serving } from './description.ts'
import { notFinite } from './guesses.ts'
import { METADATA_KEY } from './onnxFile.ts'
import type { Trained } from './trained.ts'

/** A trained network's inference, from what goes into the file to what comes out of it. */
const graphOf = (
  { card, model }: Trained,
  batch: number,
  { preprocessing, softmax: ending }: Serving,
): Graph => {
  const { height, width, mean, std } = card
  const statistics = preprocessing ? ({ mean, std, layout: 'NHWC' } as const) : undefined
  const own = inferenceGraph(model, batch, [height, width], statistics, card.output)
  return ending ? graph({ probabilities: softmax(own.outputs.logits, 1) }) : own
}

/**
 * The bytes of the file, for any number N of images: input `images`, output `logits` or
 * `probabilities` [N, classes]; every batch normalization that follows a convolution is folded into it.
 */
export const exportOnnx = (trained: Trained, serving: Serving = {}): Uint8Array => {
  const { graph, tensors } = foldBatchNorm(graphOf(trained, 1, serving), trained.tensors)
  const metadata = { [METADATA_KEY]: JSON.stringify(describe(trained.card, serving)) }
  return encodeModel(emit(graph, { batch: 'N', weights: tensors, metadata }))
}

/** The largest difference that rounding in another order explains, relative to the size of what comes out. */
const TOLERANCE = 1e-4
const BATCH = 3

/** How far an output of the file is from the network's, which must be no more than rounding explains. */
const differenceOf = (name: string, original: Float32Array, exported: Float32Array): number => {
  const where = 'export'
  const largest = original.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  if (!Number.isFinite(largest)) throw notFinite(where, `${name} of ${largest}`)
  const difference = original.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - exported[i])),
    0,
  )
  if (!(difference <= TOLERANCE * largest))
    throw new WeightError({
      where,
      expected: `the ${name} of the network`,
      got: `${name} that differ by ${difference}`,
      hint: 'Please report this: the file is not to be used',
    })
  return difference
}

/**
 * Runs an exported file and the network itself on the same random images.
 * @returns the largest difference of what they give
 * @throws WeightError when it is more than rounding explains, or not a number
 */
export const checkExport = async (
  bytes: Uint8Array,
  trained: Trained,
  serving: Serving = {},
): Promise<number> => {
  const own = graphOf(trained, BATCH, serving)
  const [entry] = own.inputs.filter(({ name }) => name === 'images')
  const draw = random(0).fork('export')
  const length = sizeOf(entry.shape)
  const data =
    entry.dtype === 'uint8'
      ? Uint8Array.from({ length }, (_, i) => 256 * draw.uniform(i))
      : Float32Array.from({ length }, (_, i) => draw.normal(i))
  const images = { dtype: entry.dtype, shape: entry.shape, data }
  const file = await compileOnnx(bytes, { inputs: [entry], outputs: own.outputs })
  const session = await compileOnnx(encodeModel(emit(own)), own)
  const weights = Object.fromEntries(
    variables(trained.model.network).map(({ name, tensor: { shape } }) => [
      name,
      { shape, data: trained.tensors.get(name) ?? new Float32Array() },
    ]),
  )
  const exported = await file.run({ images })
  const original = await session.run({ images, ...weights })
  await file.dispose()
  await session.dispose()
  const differences = Object.keys(own.outputs).map(name =>
    differenceOf(name, original[name].data as Float32Array, exported[name].data as Float32Array),
  )
  return Math.max(...differences)
}
