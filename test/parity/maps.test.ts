/**
 * Where a network looks, as PyTorch says it: Grad-CAM by its hooks at the end of every stage, and
 * input gradients by its autograd, recorded by record_maps.py in float64.
 */

import { describe, it } from 'vitest'
import type { Engine } from '../../src/engines/engine.ts'
import { onnxEngine } from '../../src/engines/onnxruntime/engine.ts'
import { referenceEngine } from '../../src/engines/reference/engine.ts'
import { type ImageMaps, maps } from '../../src/inspect/maps.ts'
import { variables } from '../../src/nn/index.ts'
import { type Card, modelOf, type Trained } from '../../src/weights/trained.ts'
import { expectNear, FLOAT32_NETWORK, fixtures, type Numbers } from './compare.ts'
import { noise, value } from './formula.ts'

const [CHANNELS, SIDE] = [3, 16]
const CLASSES = Array.from({ length: 10 }, (_, k) => `class ${k}`)
/** Weights and images are float32 numbers here; what is computed from them is float64. */
const FLOAT64_OF_FLOAT32 = 1e-6

const network = (name: string, seed: number): Trained => {
  const card: Card = {
    model: name,
    classes: CLASSES,
    channels: CHANNELS,
    height: SIDE,
    width: SIDE,
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  }
  const model = modelOf(card)
  const tensors = variables(model.network).map(
    ({ name, tensor: { shape } }) => [name, value(seed, { name, shape })] as const,
  )
  return { card, model, tensors: new Map(tensors) }
}

const image = (seed: number, name: string) => {
  const u = noise(seed, name)
  const pixels = Uint8Array.from({ length: CHANNELS * SIDE * SIDE }, (_, i) => (u(i) + 1) * 128)
  return { name, pixels }
}

const named = ({ image, predicted, gradCam, gradient }: ImageMaps): [string, Numbers][] => [
  [`${image}/predicted`, Float64Array.of(CLASSES.indexOf(predicted))],
  ...gradCam.map(({ stage, values }): [string, Numbers] => [
    `${image}/layer${stage - 1}`,
    Float64Array.from(values),
  ]),
  [`${image}/gradient`, Float64Array.from(gradient.values)],
]

describe('Grad-CAM and input gradients', () => {
  const fixture = fixtures('maps')
  const engines: readonly [Engine, number][] = [
    [onnxEngine, FLOAT32_NETWORK],
    [referenceEngine, FLOAT64_OF_FLOAT32],
  ]
  for (const [engine, tolerance] of engines)
    it.each(['resnet8', 'se-resnet8', 'gct-resnet8'])(`%s, ${engine.name} engine`, async name => {
      const { seed, recorded } = fixture(name)
      const images = ['first', 'second'].map(name => image(seed, name))
      const found = await maps(network(name, seed), images, { engine })
      expectNear(new Map(found.flatMap(named)), recorded, tolerance)
    })
})
