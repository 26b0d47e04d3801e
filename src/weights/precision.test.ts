/** Networks in fewer bits: smaller files, whose answers stay close to those of float32. */

import { describe, expect, it } from 'vitest'
import { untrained } from '../bench/workloads.ts'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { model } from '../models/registry.ts'
import { encodeModel } from '../onnx/encode.ts'
import { halfPrecision } from '../onnx/precision/half.ts'
import { quantizeWeights } from '../onnx/precision/weights.ts'
import { readOnnx } from '../onnx/read/index.ts'
import { random } from '../random/index.ts'
import { half } from '../tensor/float16.ts'
import { describe as describeCard, type Serving } from './description.ts'
import { onnxModelOf } from './export.ts'
import { openOnnxPredictor } from './onnxFile.ts'
import { inPrecision, type Precision } from './precision.ts'

const SIZE = 32
const BATCH = 4
const draw = random(2)

const exported = async (name: string, precision: Precision, serving: Serving = {}) => {
  const trained = untrained(model(name, { classes: 5 }), SIZE)
  const description = describeCard(trained.card, serving)
  const own = onnxModelOf(trained, serving)
  const images = Float32Array.from({ length: BATCH * 3 * SIZE * SIZE }, (_, i) =>
    serving.preprocessing ? Math.floor(256 * draw.uniform(i)) : draw.normal(i),
  )
  const lowered = await inPrecision(onnxEngine, own, precision, description, () => [images])
  const bytes = encodeModel(lowered)
  const options = { where: 'lowered.onnx', threads: 1 }
  const predictor = await openOnnxPredictor(onnxEngine, bytes, description, BATCH, options)
  const { logits } = await predictor.infer(images)
  await predictor.dispose()
  return { bytes, logits: Float32Array.from(logits.data as Float32Array) }
}

const SERVING: Serving = { preprocessing: true, softmax: true }

describe.each([
  ['float16', 0.6, 0.002, 'float16'],
  ['int8', 0.4, 0.06, 'int8'],
  ['int8-dynamic', 0.4, 0.06, 'uint8'],
] as const)('%s', (precision, size, tolerance, dtype) => {
  it.each([
    ['se-resnet8', {}],
    ['sk-resnet8', SERVING],
    ['gct-resnet8', {}],
    ['shufflenet_g3', {}],
  ])('of %s %j is smaller, and answers about the same', async (name, serving) => {
    const own = await exported(name, 'float32', serving)
    const fewer = await exported(name, precision, serving)
    expect(fewer.bytes.length / own.bytes.length).toBeLessThan(size)
    const scale = own.logits.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    const apart = own.logits.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - fewer.logits[i])),
      0,
    )
    expect(apart).toBeLessThan(tolerance * scale)
    const { initializers } = readOnnx(fewer.bytes, 'lowered.onnx').graph
    expect([...initializers.values()].some(tensor => tensor.dtype === dtype)).toBe(true)
  })
})

describe('weights as whole numbers', () => {
  it('have a scale of their own in each channel, and zeros stay zeros', () => {
    const data = Float32Array.of(1, -0.4, 0, 0.25, 254, -100, 0, 0)
    const tensor = { name: 'w', dtype: 'float32', dims: [4, 2, 1, 1], data } as const
    const { values, scales } = quantizeWeights({ ...tensor, dims: [2, 4] })
    expect([...values]).toEqual([127, -51, 0, 32, 127, -50, 0, 0])
    expect([...scales]).toEqual([Math.fround(1 / 127), 2])
    expect([...quantizeWeights(tensor).scales].at(-1)).toBe(1)
  })
})

describe('half precision', () => {
  it('ends at its largest number, where more would be infinite', () => {
    const data = Float32Array.of(1e6, -1e6, 0.1)
    const lowered = halfPrecision({
      opset: 17,
      metadata: {},
      graph: {
        ...{ name: 'g', nodes: [], inputs: [], outputs: [] },
        initializers: [{ name: 'w', dtype: 'float32', dims: [3], data }],
      },
    })
    const [{ dtype, data: bits }] = lowered.graph.initializers
    expect(dtype).toBe('float16')
    expect(Array.from(bits as Uint16Array, half)).toEqual([65504, -65504, expect.closeTo(0.1, 4)])
  })
})
