/** Whether an exported file answers as its network does: both run on the same images. */

import { compileOnnx } from '../engines/onnxruntime/engine.ts'
import { WeightError } from '../errors/index.ts'
import { sizeOf } from '../graph/index.ts'
import { variables } from '../nn/index.ts'
import { emit } from '../onnx/emit.ts'
import { encodeModel } from '../onnx/encode.ts'
import { random } from '../random/index.ts'
import type { Serving } from './description.ts'
import { fileBatch, servingGraph } from './export.ts'
import { notFinite } from './guesses.ts'
import type { Trained } from './trained.ts'

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
  const own = servingGraph(trained, fileBatch(trained) ?? BATCH, serving)
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
  // Boxes and labels stand in the order of their scores, in which equal ones may change places.
  const compared = 'scores' in own.outputs ? ['scores'] : Object.keys(own.outputs)
  const differences = compared.map(name =>
    differenceOf(name, original[name].data as Float32Array, exported[name].data as Float32Array),
  )
  return Math.max(...differences)
}
