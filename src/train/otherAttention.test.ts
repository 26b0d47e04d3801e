/**
 * Every attention the whole way: two training steps of a small network with ONNX Runtime, then
 * the exported file with another batch size than it was written with.
 */

import { expect, it } from 'vitest'
import { attentionNames, parseAttention } from '../attention/registry.ts'
import type { Tensor, Tensors } from '../engines/engine.ts'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { sizeOf } from '../graph/index.ts'
import { resnet } from '../models/resnet.ts'
import { initialize } from '../nn/index.ts'
import { random } from '../random/index.ts'
import { checkExport } from '../weights/checkExport.ts'
import { exportOnnx } from '../weights/export.ts'
import type { Card } from '../weights/trained.ts'
import { pack, unpack } from './layout.ts'
import { sgd } from './optimizers.ts'
import { trainingStep } from './step.ts'

const SIDE = 12
const BATCH = 8
const IMAGES = [BATCH, 3, SIDE, SIDE]

const specs = attentionNames.flatMap(name =>
  name === 'ge' ? ['ge:extent=4', 'ge:variant=theta-plus,extent=2'] : [name],
)

const scalar = (value: number): Tensor => ({ shape: [], data: Float32Array.of(value) })

it.each(specs)('%s learns, and its file says the same', async spec => {
  const options = { block: 'basic', depths: [1, 1], stem: 'cifar', planes: 8 } as const
  const network = resnet({ ...options, classes: 4, ...parseAttention(spec) })
  const step = trainingStep({ network, images: IMAGES, optimizer: sgd() })
  const values = initialize(network, 1)
  const flat = (layout: typeof step.parameters): Tensor => ({
    shape: [layout.size],
    data: pack(layout, values),
  })
  const draw = random(2)
  const images: Tensor = {
    shape: IMAGES,
    data: Float32Array.from({ length: sizeOf(IMAGES) }, (_, i) => draw.normal(i)),
  }
  const labels: Tensor = {
    shape: [BATCH],
    data: Int32Array.from({ length: BATCH }, (_, i) => i % 4),
  }
  let state: Tensors = {
    parameters: flat(step.parameters),
    buffers: flat(step.buffers),
    momentum: { shape: [step.parameters.size], data: new Float32Array(step.parameters.size) },
  }
  const losses: number[] = []
  const compiled = await onnxEngine.compile(step.graph)
  for (let i = 1; i <= 8; i++) {
    state = await compiled.run({
      ...state,
      images,
      labels,
      learningRate: scalar(0.02),
      step: scalar(i),
    })
    losses.push(Number(state.loss.data[0]))
  }
  await compiled.dispose()
  expect(losses.every(Number.isFinite)).toBe(true)
  expect(losses.at(-1)).toBeLessThan(losses[0])

  const tensors = new Map([
    ...unpack(step.parameters, state.parameters.data as Float32Array),
    ...unpack(step.buffers, state.buffers.data as Float32Array),
  ])
  const card: Card = {
    model: 'small',
    attention: spec,
    classes: ['a', 'b', 'c', 'd'],
    channels: 3,
    height: SIDE,
    width: SIDE,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  }
  const model = { name: 'small', describe: '', size: SIDE, classes: 4, channels: 3, network }
  const trained = { card, model, tensors }
  expect(await checkExport(exportOnnx(trained), trained)).toBeLessThan(1e-4)
})
