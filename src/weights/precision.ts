/** An exported network in fewer bits: half precision, or whole numbers by ranges of now or of calibration. */

import type { OnnxRuntimeEngine } from '../engines/onnxruntime/session.ts'
import { input } from '../graph/index.ts'
import { encodeModel } from '../onnx/encode.ts'
import type { OnnxModel } from '../onnx/model.ts'
import { dynamicInt8 } from '../onnx/precision/dynamic.ts'
import { halfPrecision } from '../onnx/precision/half.ts'
import {
  measureNames,
  measuring,
  type Range,
  rangedValues,
  staticInt8,
} from '../onnx/precision/static.ts'
import { arranged } from './arrange.ts'
import type { Description } from './description.ts'

/** In which numbers an ONNX file computes, by what it costs to find them: `int8` needs images. */
export const PRECISIONS = ['float32', 'float16', 'int8-dynamic', 'int8'] as const
/** In which numbers an ONNX file computes. */
export type Precision = (typeof PRECISIONS)[number]

/**
 * The ranges of a model's activations over images.
 * @param batches - normalized images, in batches of one size
 */
const calibrate = async (
  engine: OnnxRuntimeEngine,
  model: OnnxModel,
  { input: own }: Description,
  batches: AsyncIterable<Float32Array> | Iterable<Float32Array>,
): Promise<ReadonlyMap<string, Range>> => {
  const values = rangedValues(model)
  const bytes = encodeModel(measuring(model, values))
  const outputs = Object.fromEntries(
    values.flatMap((_, i) => Object.values(measureNames(i)).map(name => [name, input(name, [])])),
  )
  const ranges = values.map((): [number, number] => [0, 0])
  let compiled: Awaited<ReturnType<OnnxRuntimeEngine['compileModel']>> | undefined
  for await (const images of batches) {
    const tensor = arranged(images, own)
    const inputs = [input(own.name, tensor.shape, tensor.dtype)]
    compiled ??= await engine.compileModel(bytes, { inputs, outputs })
    const found = await compiled.run({ [own.name]: tensor })
    for (const [i, range] of ranges.entries()) {
      const { low, high } = measureNames(i)
      range[0] = Math.min(range[0], Number(found[low].data[0]))
      range[1] = Math.max(range[1], Number(found[high].data[0]))
    }
  }
  await compiled?.dispose()
  return new Map(values.map((value, i) => [value, ranges[i]]))
}

/** A model in other numbers; images are asked for where ranges are to be measured. */
export const inPrecision = async (
  engine: OnnxRuntimeEngine,
  model: OnnxModel,
  precision: Precision,
  description: Description,
  images: () => AsyncIterable<Float32Array> | Iterable<Float32Array>,
): Promise<OnnxModel> => {
  switch (precision) {
    case 'float32':
      return model
    case 'float16':
      return halfPrecision(model)
    case 'int8-dynamic':
      return dynamicInt8(model)
    case 'int8':
      return staticInt8(model, await calibrate(engine, model, description, images()))
  }
}
