/** Costs of foreign models: counted by hand, and of our own exports, as we count them ourselves. */

import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { costOf } from '../inspect/cost.ts'
import { initialize } from '../nn/index.ts'
import { readOnnx } from '../onnx/read/index.ts'
import {
  float32,
  int,
  model,
  node,
  part,
  raw,
  tensor,
  typed,
  value,
  y,
} from '../onnx/read/parts.testing.ts'
import { exportOnnx } from '../weights/export.ts'
import { modelOf } from '../weights/trained.ts'
import { findBlocks } from './blocks.ts'
import { type ForeignCost, foreignCost } from './cost.ts'
import { openNetwork } from './network.ts'

const FOLDER = new URL('../../test/parity/fixtures/exportedForms/', import.meta.url)

const cost = (bytes: Uint8Array, size: readonly [number, number] = [6, 6]): ForeignCost => {
  const network = openNetwork(readOnnx(bytes, 'some.onnx'), size)
  return foreignCost(network, findBlocks(network))
}
const recorded = (name: string): ForeignCost => cost(readFileSync(new URL(`${name}.onnx`, FOLDER)))

/** A 3×3 stem of 3 to 8 channels on 6×6, with biases; or 1×1 without. */
const STEM = { parameters: 3 * 8 * 9 + 8, multiplyAdds: 3 * 8 * 9 * 36 }
const WRITTEN = { parameters: 3 * 8, multiplyAdds: 3 * 8 * 36 }
const SE = { parameters: 2 * 8 * 2 + 8 + 2, multiplyAdds: 2 * 8 * 2 }

it.each([
  ['conv', STEM, SE],
  ['linear-expanded', STEM, SE],
  ['hard-swish-by-gate', STEM, SE],
  ['expanded-as', STEM, SE],
  ['tiled', STEM, SE],
  ['resized', STEM, SE],
  ['resized-bilinear', STEM, SE],
  ['upsampled', STEM, SE],
  ['sum-over-flexible-count', STEM, SE],
  ['sum-times-share', STEM, SE],
  ['zero-pad-unfolded', STEM, SE],
  ['function', STEM, SE],
  ['constant-nodes', WRITTEN, SE],
  ['looked-through', WRITTEN, SE],
  ['gemm-both-ways', WRITTEN, SE],
  ['channels-last', WRITTEN, SE],
  ['quantized', WRITTEN, SE],
])('%s: stem and block, each tensor once', (name, stem, block) => {
  const { operators, ...all } = recorded(name)
  expect(all).toEqual({
    parameters: stem.parameters + block.parameters,
    multiplyAdds: stem.multiplyAdds + block.multiplyAdds,
    statistics: 0,
    unknown: 0,
    blocks: block,
  })
  expect(operators.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(all.parameters)
})

it('a gate as large as its map does not hide the sizes of what comes after', () => {
  const two = cost(
    model(
      node(['x'], ['z'], 'GlobalAveragePool'),
      node(['x'], ['shape'], 'Shape'),
      node(['z', 'shape'], ['s'], 'Expand'),
      node(['x', 's'], ['u'], 'Mul'),
      node(['u', 'w'], ['y'], 'Conv'),
      value(11, 'x', typed(...[1, 3, 6, 6].map(size => part(1, int(1, size))))),
      y,
      tensor(
        'w',
        ...[8, 3, 1, 1].map(size => int(1, size)),
        float32,
        raw(9, ...new Array(96).fill(0)),
      ),
    ),
  )
  expect([two.multiplyAdds, two.unknown]).toEqual([8 * 3 * 36, 0])
})

it('means and variances are statistics, scales and shifts are parameters', () => {
  const { parameters, statistics, operators } = recorded('batch-norm-unfolded')
  expect(statistics).toBe(2 * 2)
  expect(parameters).toBe(STEM.parameters + SE.parameters + 2 * 2)
  const norm = operators.find(({ operator }) => operator === 'BatchNormalization')
  expect(norm?.parameters).toBe(2 * 2)
})

it.each([['se-resnet8'], ['mobilenet_v3_small'], ['shufflenet_v2_x0_5']])(
  '%s: the multiply-adds that we count ourselves',
  name => {
    const size = 64
    const card = {
      model: name,
      classes: ['a', 'b'],
      channels: 3,
      height: size,
      width: size,
      mean: [0, 0, 0],
      std: [1, 1, 1],
    }
    const own = modelOf(card)
    const bytes = exportOnnx({ card, model: own, tensors: initialize(own.network, 0) })
    const { multiplyAdds, unknown } = cost(bytes)
    expect(unknown).toBe(0)
    expect(multiplyAdds).toBe(costOf(own, [size, size]).multiplyAdds)
  },
)
