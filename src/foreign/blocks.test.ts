/** Blocks in foreign models: every recorded disguise, what only looks like one, and our own exports. */

import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ExciteError } from '../errors/index.ts'
import { tapsOf } from '../inspect/attentionTaps.ts'
import { costOf } from '../inspect/cost.ts'
import { observe } from '../inspect/observe.ts'
import { initialize } from '../nn/index.ts'
import { type FileModel, readOnnx } from '../onnx/read/index.ts'
import {
  float32,
  model as graphOf,
  int,
  mutated,
  node,
  type Part,
  part,
  raw,
  tensor,
  text,
  value,
  x,
} from '../onnx/read/parts.testing.ts'
import { exportOnnx } from '../weights/export.ts'
import { type Card, modelOf, type Trained } from '../weights/trained.ts'
import { type ForeignBlock, findBlocks } from './blocks.ts'
import { foreignCost } from './cost.ts'
import { openNetwork } from './network.ts'

const FOLDER = new URL('../../test/parity/fixtures/exportedForms/', import.meta.url)
const read = (name: string): Uint8Array => readFileSync(new URL(name, FOLDER))

interface Recorded {
  readonly gate: readonly number[]
  readonly gateKind: string
  readonly activation?: string
  readonly squeeze?: string
  readonly family?: string
  /** Of one in a graph within a node. */
  readonly inside?: string
}
const recorded: Readonly<Record<string, Recorded | null>> = JSON.parse(
  readFileSync(new URL('recorded.json', FOLDER), 'utf8'),
)

const blocksOf = (bytes: Uint8Array, name: string): readonly ForeignBlock[] =>
  findBlocks(openNetwork(readOnnx(bytes, name)))

it('every file that was recorded is looked at', () => {
  const files = readdirSync(FOLDER).filter(name => name.endsWith('.onnx'))
  expect(files.sort()).toEqual(
    Object.keys(recorded)
      .map(name => `${name}.onnx`)
      .sort(),
  )
})

describe.each(Object.entries(recorded))('%s', (name, what) => {
  const blocks = blocksOf(read(`${name}.onnx`), name)

  if (what === null) it('has no block', () => expect(blocks).toEqual([]))
  else
    it('has one block, of the kinds that were written', () => {
      const { family = 'squeeze-excite', squeeze = 'mean', activation, gateKind } = what
      expect(blocks).toHaveLength(1)
      const [block] = blocks
      const layered = ['squeeze-excite', 'without squeeze', 'mean and maximum'].includes(family)
      expect(block).toMatchObject({ family, squeeze, gate: gateKind, channels: 8, map: [6, 6] })
      expect(block.inside).toBe(what.inside)
      expect(block.scaling).toBe(8 * 6 * 6 * (block.branches ?? 1))
      if (!layered) return
      expect(block).toMatchObject({ hidden: 2, reduction: 4, activation })
      const biased = !name.endsWith('without-bias')
      expect(block.biases).toEqual([biased, biased])
      // A slope for each hidden channel; scale and shift of a batch normalization.
      const more = { prelu: 2, 'batch-norm-unfolded': 4 }[name] ?? 0
      expect(block.parameters).toBe(2 * 8 * 2 + (biased ? 8 + 2 : 0) + more)
      const times = { none: 36, 'mean and max': 2 }[squeeze] ?? 1
      expect(block.multiplyAdds).toBe(2 * 8 * 2 * times)
    })
})

it('relatives of SE: their weights, and what these take', () => {
  const cost = (name: string) => {
    const [{ path, parameters, multiplyAdds, branches, hidden, kernel }] = blocksOf(
      read(`${name}.onnx`),
      name,
    )
    return { path, parameters, multiplyAdds, branches, hidden, kernel }
  }
  // 2 to 1 channels of 3×3, at 36 places.
  expect(cost('cbam-places')).toMatchObject({ kernel: 3, parameters: 18, multiplyAdds: 18 * 36 })
  for (const name of ['gct', 'gct-l1'])
    expect(cost(name)).toMatchObject({ path: 'se', parameters: 3 * 8, multiplyAdds: 0 })
  // 8 to 4 to 16, without biases but that of a folded batch normalization; or with.
  const shares = { path: 'se', branches: 2, hidden: 4, multiplyAdds: 8 * 4 + 4 * 16 }
  for (const name of ['sk-stacked', 'sk-one-by-one'])
    expect(cost(name)).toMatchObject({ ...shares, parameters: 8 * 4 + 4 + 4 * 16 })
  expect(cost('split-attention')).toMatchObject({ ...shares, parameters: 8 * 4 + 4 + 5 * 16 })
})

it('widths of layers without bottleneck', () => {
  const [eca] = blocksOf(read('eca.onnx'), 'eca')
  expect(eca).toMatchObject({
    path: 'se.conv',
    kernel: 3,
    parameters: 3,
    multiplyAdds: 24,
    biases: [false],
  })
  const [layer] = blocksOf(read('one-layer.onnx'), 'one-layer')
  expect(layer).toMatchObject({ parameters: 72, multiplyAdds: 64, biases: [true] })
  expect(layer.hidden).toBeUndefined()
})

/** Networks of ours, and what the finder is to say of their gates. */
const OWN: readonly (readonly [model: string, attention: string, Partial<ForeignBlock>])[] = [
  ...['standard', 'pre', 'post', 'identity', 'inside', 'before-conv', 'before-norm'].map(
    at => ['resnet8', `se:reduction=8,at=${at}`, { gate: 'sigmoid' }] as const,
  ),
  ['resnet8', 'se:at=after-norm', {}],
  ['resnet8', 'se:at=stage-end', {}],
  ['resnet8', 'se:bias=false', { biases: [false, false] }],
  ['resnet8', 'se:gate=tanh', { gate: 'tanh' }],
  ['resnet8', 'se:gate=relu', { gate: 'ReLU' }],
  ['resnet8', 'se:squeeze=max', { squeeze: 'max' }],
  ['resnet8', 'se:squeeze=none', { squeeze: 'none', family: 'without squeeze' }],
  ['resnet8', 'eca', { family: 'along channels', kernel: 3 }],
  ['resnet8', 'gct', { family: 'channel norms' }],
  ['resnet8', 'gct:norm=l1', { family: 'channel norms' }],
  ['resnet8', 'sk', { family: 'between branches', branches: 2 }],
  ['resnet8', 'sk:branches=3+5+7', { family: 'between branches', branches: 3 }],
  ['resnet8', 'splat', { family: 'between branches', branches: 2 }],
  ['mobilenet_v3_small', '', { gate: 'hard sigmoid', activation: 'ReLU' }],
  ['efficientnet_b0', '', { gate: 'sigmoid', activation: 'SiLU' }],
]

const ownNetwork = (
  name: string,
  attention: string,
  [height, width]: readonly [number, number],
): Trained => {
  const card: Card = {
    model: name,
    ...(attention === '' ? {} : { attention }),
    ...{ classes: ['a', 'b'], channels: 3, height, width, mean: [0, 0, 0], std: [1, 1, 1] },
  }
  const model = modelOf(card)
  return { card, model, tensors: initialize(model.network, 0) }
}

/** Batch normalizations within an attention are folded: scale and shift become one bias, or join one. */
const unfolded = (attention: string, blocks: readonly ForeignBlock[]): number => {
  const each = attention.startsWith('sk') ? 1 : attention.startsWith('splat') ? 2 : 0
  return blocks.reduce((sum, { hidden = 0 }) => sum + each * hidden, 0)
}

describe('our own exports', () => {
  it.each(OWN)('%s %s: every gate, its widths and cost', (name, attention, kinds) => {
    const size = [32, 32] as const
    const trained = ownNetwork(name, attention, size)
    const { model } = trained
    const blocks = blocksOf(exportOnnx(trained), name)
    for (const block of blocks) expect(block).toMatchObject(kinds)
    const sum = (of: (block: ForeignBlock) => number): number =>
      blocks.reduce((total, block) => total + of(block), 0)
    const { attention: cost } = costOf(model, size)
    expect(sum(({ parameters }) => parameters)).toBe(cost.parameters - unfolded(attention, blocks))
    expect(sum(({ multiplyAdds }) => multiplyAdds)).toBe(cost.multiplyAdds)
    expect(new Set(blocks.map(({ path }) => path)).size).toBe(blocks.length)
    const taps = tapsOf(observe(model, 1, size))
    // A gate of one layer goes by that layer's name.
    const paths = blocks.map(({ path }) => path.replace(/\.conv$/, ''))
    expect(paths).toEqual(taps.map(({ path }) => path))
    const channels = taps.map(({ value: { shape } }) => shape[shape.length === 5 ? 2 : 1])
    expect(blocks.map(({ channels }) => channels)).toEqual(channels)
  })

  it('cbam: channels, then places', () => {
    const trained = ownNetwork('resnet8', 'cbam', [32, 32])
    const blocks = blocksOf(exportOnnx(trained), 'cbam')
    const paths = ['layer1.0', 'layer2.0', 'layer3.0'].flatMap(unit => [
      `${unit}.cbam.ChannelGate.mlp`,
      `${unit}.cbam.SpatialGate.spatial.conv`,
    ])
    expect(blocks.map(({ path }) => path)).toEqual(paths)
    const both = ['mean and maximum', 'over places']
    expect(blocks.map(({ family }) => family)).toEqual([...both, ...both, ...both])
    const sum = blocks.reduce((total, { multiplyAdds }) => total + multiplyAdds, 0)
    expect(sum).toBe(costOf(trained.model, [32, 32]).attention.multiplyAdds)
  })

  it.each([['resnet8'], ['shufflenet_v2_x0_5']])('%s has no such block', name => {
    expect(blocksOf(exportOnnx(ownNetwork(name, '', [32, 32])), name)).toEqual([])
  })
})

it('a thousand damaged models that can be read are looked at without a fault', () => {
  const files = Object.keys(recorded).map(name => read(`${name}.onnx`))
  let looked = 0
  let slowest = 0
  for (let seed = 0; looked < 1000; seed++) {
    const start = performance.now()
    let file: FileModel
    try {
      file = readOnnx(mutated(files[seed % files.length], seed), 'mutated.onnx')
    } catch (error) {
      expect(error, `seed ${seed}`).toBeInstanceOf(ExciteError)
      continue
    }
    looked++
    const network = openNetwork(file)
    foreignCost(network, findBlocks(network))
    slowest = Math.max(slowest, performance.now() - start)
  }
  expect(slowest).toBeLessThan(1000)
})

it('a mean that is over the batch too is no squeeze', () => {
  const dims = [6, 6, 6, 6].map(size => part(1, int(1, size)))
  const square = (axes: readonly number[]) => {
    const list = part(5, text(1, 'axes'), ...axes.map(axis => int(8, axis)), int(20, 7))
    const numbers = raw(9, ...new Array(4 * 36).fill(0))
    return readOnnx(
      graphOf(
        node(['x'], ['z'], 'ReduceMean', list, part(5, text(1, 'keepdims'), int(3, 0), int(20, 2))),
        node(['z', 'w'], ['h'], 'MatMul'),
        node(['h'], ['r'], 'Relu'),
        node(['r', 'w'], ['v'], 'MatMul'),
        node(['v'], ['s'], 'Sigmoid'),
        node(['x', 's'], ['y'], 'Mul'),
        value(11, 'x', part(2, part(1, int(1, 1), part(2, ...dims)))),
        value(12, 'y'),
        tensor('w', int(1, 6), int(1, 6), float32, numbers),
      ),
      'square.onnx',
    )
  }
  const found = (...axes: number[]): number => findBlocks(openNetwork(square(axes))).length
  expect([found(2, 3), found(1, 2), found(-2, -1)]).toEqual([1, 1, 1])
  expect([found(0, 1), found(1, 3), found(2), found(1, 2, 3)]).toEqual([0, 0, 0, 0])
})

describe('graphs that only a hostile file has', () => {
  const opened = (...graph: Part[]) => openNetwork(readOnnx(graphOf(...graph), 'hostile.onnx'))

  it('may have operators without operands', () => {
    const kinds = ['Mul', 'Identity', 'Conv', 'Gemm', 'MatMul', 'Sigmoid', 'Slice', 'Concat', 'Pad']
    const network = opened(
      ...[...kinds, 'Reshape', 'Transpose', 'Split', 'Clip', 'DequantizeLinear', 'ReduceMean'].map(
        (kind, i) => node([], [`v${i}`], kind),
      ),
      node([], [], 'Mul'),
    )
    expect(findBlocks(network)).toEqual([])
    expect(foreignCost(network, []).parameters).toBe(0)
  })

  it('may be fifty thousand nodes long', () => {
    const start = performance.now()
    const long =
      (kind: string, count: number): Part =>
      pbf => {
        for (let i = 0; i < count; i++)
          node([i === 0 ? 'x' : `${kind}${i - 1}`, 'w', 'w'], [`${kind}${i}`], kind)(pbf)
      }
    const network = opened(
      long('Mul', 16_000),
      long('Identity', 17_000),
      long('DequantizeLinear', 17_000),
      x,
      tensor('w', float32, raw(9, 0, 0, 0x80, 0x3f)),
    )
    expect(network.origin('DequantizeLinear16999')).toBe('x')
    expect(findBlocks(network)).toEqual([])
    expect(performance.now() - start).toBeLessThan(20_000)
  })
})
