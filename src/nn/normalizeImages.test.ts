/** Normalization in the graph gives what the loaders' kernel gives. */

import { expect, it } from 'vitest'
import { NO_MOVEMENT, normalize } from '../data/kernel/normalize.ts'
import { referenceEngine } from '../engines/reference/engine.ts'
import { graph, input } from '../graph/index.ts'
import { inferenceGraph } from '../models/inferenceGraph.ts'
import { model } from '../models/registry.ts'
import { tensor } from '../tensor/tensor.ts'
import { sgd } from '../train/optimizers.ts'
import { trainingStep } from '../train/step.ts'
import { normalizeImages } from './normalizeImages.ts'

const SHAPE = [1, 3, 16, 16] as const
const statistics = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }
const bytes = Uint8Array.from({ length: 3 * 256 }, (_, i) => i % 256)

it('is that of the kernel, within rounding, for every byte', async () => {
  const images = input('images', SHAPE, 'uint8')
  const compiled = await referenceEngine.compile(graph({ y: normalizeImages(images, statistics) }))
  const { y } = await compiled.run({ images: tensor(bytes, SHAPE) })
  const wanted = new Float32Array(bytes.length)
  normalize(bytes, [3, 16, 16], NO_MOVEMENT, statistics, wanted, 0)
  for (const [i, value] of wanted.entries()) expect(y.data[i]).toBeCloseTo(value, 6)
})

it('is part of a step or an inference where asked for', () => {
  const small = model('resnet8')
  const step = trainingStep({
    network: small.network,
    images: [2, 3, 16, 16],
    optimizer: sgd(),
    statistics,
  })
  for (const { inputs } of [step.graph, inferenceGraph(small, 2, [16, 16], statistics)])
    expect(inputs.find(({ name }) => name === 'images')?.dtype).toBe('uint8')
})

it('refuses other channels', () => {
  const gray = input('images', [1, 1, 4, 4], 'uint8')
  expect(() => normalizeImages(gray, statistics)).toThrow(
    'normalizeImages: expected 1 means and stds, one a channel, got 3 and 3',
  )
})
