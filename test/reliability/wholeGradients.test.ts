/** Gradients of whole networks on every engine, beside those of the float64 reference. */

import { beforeAll, describe, expect, it } from 'vitest'
import type { Engine, Tensors } from '../../src/engines/engine.ts'
import { referenceEngine } from '../../src/engines/reference/engine.ts'
import { openEngine } from '../../src/engines/registry.ts'
import { webgpuEngine } from '../../src/engines/webgpu/compile.ts'
import { missingSoftware, softwareGpu } from '../../src/engines/webgpu/software.testing.ts'
import { model } from '../../src/models/registry.ts'
import { initialize } from '../../src/nn/index.ts'
import { random } from '../../src/random/index.ts'
import { pack, unpack } from '../../src/train/layout.ts'
import { sgd } from '../../src/train/optimizers.ts'
import { trainingStep } from '../../src/train/step.ts'

const BATCH = 4
const SIZE = 8
const CLASSES = 10
/** Of float32 kernels, whose sums are in another order: the L2 norm of the difference over the norm. */
const PER_MODEL = 1e-4
const PER_TENSOR = 1e-3

const ATTENTION = ['none', 'se', 'gct', 'eca', 'cbam', 'srm', 'ca']

const draw = random(3)
const images = Float32Array.from({ length: BATCH * 3 * SIZE * SIZE }, (_, i) =>
  draw.fork('images').normal(i),
)

const stepOf = (attention: string) => {
  const { network } = model('resnet8', { classes: CLASSES, attention })
  const step = trainingStep({ network, images: [BATCH, 3, SIZE, SIZE], optimizer: sgd() })
  const weights = initialize(network, 1)
  const vector = (data: Float32Array) => ({ shape: [data.length], data })
  const zeros = { shape: [step.parameters.size], data: new Float32Array(step.parameters.size) }
  const scalar = (value: number) => ({ shape: [], data: Float32Array.of(value) })
  const all: Tensors = {
    images: { shape: [BATCH, 3, SIZE, SIZE], data: images },
    labels: { shape: [BATCH], data: Int32Array.of(0, 3, 3, 9) },
    learningRate: scalar(0.1),
    step: scalar(1),
    parameters: vector(pack(step.parameters, weights)),
    buffers: vector(pack(step.buffers, weights)),
    momentum: zeros,
  }
  return { step, all }
}

const gradientsOn = async (engine: Engine, attention: string) => {
  const { step, all } = stepOf(attention)
  const graph = step.diagnosisGraph()
  const compiled = await engine.compile(graph)
  const names = graph.inputs.map(input => input.name as string)
  const { gradients, loss } = await compiled.run(
    Object.fromEntries(names.map(one => [one, all[one]])),
  )
  await compiled.dispose()
  const flat = Float32Array.from(gradients.data as Float32Array)
  return { loss: loss.data[0], flat, tensors: unpack(step.parameters, flat) }
}

const norm = (values: Float32Array): number => Math.hypot(...values)
const distance = (a: Float32Array, b: Float32Array): number =>
  norm(a.map((value, i) => value - b[i]))

/** WebGPU computes on SwiftShader here, which compiles for seconds: fewer networks. */
const ENGINES: readonly (readonly [string, readonly string[]])[] = [
  ['onnx', ATTENTION],
  ['onednn', ATTENTION],
  ['webgpu', ['se', 'gct']],
]

const openNamed = async (name: string): Promise<Engine | undefined> => {
  if (name === 'webgpu')
    return missingSoftware === undefined ? webgpuEngine(softwareGpu) : undefined
  return openEngine(name).then(
    found => found.engine,
    () => undefined,
  )
}

describe.each(ENGINES)('on %s', (name, attention) => {
  let engine: Engine | undefined

  beforeAll(async () => {
    engine = await openNamed(name)
  })

  it.for(attention)(
    'a network with attention %s has the gradients of the reference',
    { timeout: 300_000 },
    async (kind, { skip }) => {
      if (engine === undefined) return skip(`${name} is not here`)
      const expected = await gradientsOn(referenceEngine, kind)
      const found = await gradientsOn(engine, kind)
      expect(found.loss).toBeCloseTo(expected.loss, 4)
      const whole = norm(expected.flat)
      expect(distance(found.flat, expected.flat) / whole).toBeLessThan(PER_MODEL)
      for (const [tensor, own] of expected.tensors) {
        const difference = distance(found.tensors.get(tensor) as Float32Array, own)
        // A gradient that is nothing but rounding has no direction of its own.
        expect(difference / Math.max(norm(own), 1e-3 * whole), tensor).toBeLessThan(PER_TENSOR)
      }
    },
  )
})
