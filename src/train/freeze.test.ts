/** Freezing by name: patterns, parts and refusals; and weights that find their place. */

import { describe, expect, it } from 'vitest'
import { referenceEngine } from '../engines/reference/engine.ts'
import { inferenceGraph } from '../models/inferenceGraph.ts'
import { type Model, model } from '../models/registry.ts'
import { initialize, variables } from '../nn/index.ts'
import { adopt, continued } from '../runs/initialWeights.ts'
import type { StoredTensor } from '../weights/safetensors.ts'
import { checkConfig } from './config.ts'
import { frozenBy, headOf } from './freeze.ts'
import { RECIPES } from './recipes.ts'

const network = model('se-resnet8', { classes: 7 })
const parameters = (of: Model): string[] =>
  variables(of.network)
    .filter(({ tensor }) => tensor.kind === 'parameter')
    .map(({ name }) => name)
const trainable = (of: Model, pattern: string): string[] => {
  const frozen = frozenBy(of, pattern)
  return parameters(of).filter(name => !frozen.has(name))
}

describe('patterns', () => {
  it('know the head', () => {
    expect(headOf(network)).toBe('fc')
    expect(trainable(network, 'backbone')).toEqual(['fc.weight', 'fc.bias'])
  })

  it('freeze what they match, and with ! all else', () => {
    expect(frozenBy(network, 'conv1')).toContain('layer2.0.conv1.weight')
    expect([...frozenBy(network, 'bn1.weight')].every(name => name.endsWith('bn1.weight'))).toBe(
      true,
    )
    expect(trainable(network, '!layer3.*.se')).toEqual(
      parameters(network).filter(name => name.startsWith('layer3.0.se.')),
    )
    expect(trainable(network, '!se,!fc')).toEqual(
      parameters(network).filter(name => /\.se\.|^fc\.(weight|bias)/.test(name)),
    )
    expect(frozenBy(network, 'layer1,layer2,!se')).toEqual(
      new Set(
        parameters(network).filter(name => /^layer[12]\./.test(name) && !name.includes('.se.')),
      ),
    )
  })

  it('take no part of a word', () => {
    expect(() => frozenBy(network, 'layer')).toThrow('freeze: expected a pattern that matches')
  })

  it('find an attention that its names do not tell', () => {
    const gated = model('gct-resnet8', { classes: 7 })
    const gates = trainable(gated, '!gct')
    expect(gates).toContain('conv1.0.alpha')
    expect(gates.every(name => /\.(alpha|beta|gamma)$/.test(name))).toBe(true)
  })

  it.each([
    ['bacbone', 'got bacbone'],
    ['', 'an empty one'],
    ['conv1,', 'an empty one'],
    ['*,layer1,conv1,bn1,fc,layer2,layer3', 'freeze'],
    ['!conv9', 'got !conv9'],
  ])('%j is refused', (pattern, message) => {
    expect(() => frozenBy(network, pattern)).toThrow(message)
  })

  it('leave something to train', () => {
    expect(() => frozenBy(network, 'backbone,fc')).toThrow('expected something left to train')
  })
})

describe('a training that goes on from weights', () => {
  const given = checkConfig({
    model: 'gct-resnet50',
    variations: { dropout: 0.1 },
    data: 'shapes',
    seed: 0,
    device: 'onnx',
    recipe: RECIPES.short,
  })
  const image = { classes: ['a', 'b'], channels: 1, height: 8, width: 8 }
  const card = { ...image, mean: [0.25], std: [0.5] }
  const varied = { dropout: 0.5, pooling: 'ceil' } as const
  const from = (model: string, attention?: string) =>
    continued(given, {
      file: 'f',
      stored: new Map(),
      card: { ...card, model, variations: varied, ...(attention ? { attention } : {}) },
    })

  it("has the variations of the same backbone's weights, where it says nothing else", () => {
    const { variations, attention, normalization } = from('resnet50')
    expect(variations).toEqual({ pooling: 'ceil', dropout: 0.1 })
    expect(attention).toBeUndefined()
    expect(normalization).toEqual({ mean: [0.25], std: [0.5] })
    expect(from('resnet101').variations).toEqual({ dropout: 0.1 })
  })

  it('has the attention of the same name', () => {
    expect(from('gct-resnet50', 'gct:norm=l1').attention).toBe('gct:norm=l1')
    expect(from('se-resnet50', 'se:bias=false').attention).toBeUndefined()
    expect(continued(given, { file: 'f', stored: new Map() })).toBe(given)
  })
})

describe('first weights', () => {
  const storedOf = ({ network }: Model, seed = 3): Map<string, StoredTensor> => {
    const values = initialize(network, seed)
    return new Map(
      variables(network).map(({ name, tensor: { shape } }) => [
        name,
        { dtype: 'F32', shape, data: Float32Array.from(values.get(name) ?? []) },
      ]),
    )
  }
  const logitsOf = async (of: Model, tensors: ReadonlyMap<string, Float32Array>) => {
    const compiled = await referenceEngine.compile(inferenceGraph(of, 2, [8, 8]))
    const own = initialize(of.network, 9)
    const weights = variables(of.network).map(({ name, tensor: { shape } }) => [
      name,
      { shape, data: tensors.get(name) ?? Float32Array.from(own.get(name) ?? []) },
    ])
    const data = Float32Array.from({ length: 2 * 3 * 64 }, (_, i) => Math.sin(i))
    const images = { shape: [2, 3, 8, 8], data }
    return (await compiled.run({ ...Object.fromEntries(weights), images })).logits.data
  }
  const plain = (): Model => model('resnet8', { classes: 7 })

  it('give a network with new gates the logits of the one without, exactly', async () => {
    const target = model('resnet8', { classes: 7, attention: 'gct' })
    const stored = storedOf(plain())
    const { tensors, fresh } = adopt(stored, target, plain, 'file')
    expect(fresh.every(name => /\.(alpha|beta|gamma)$/.test(name))).toBe(true)
    const before = new Map([...stored].map(([name, { data }]) => [name, data as Float32Array]))
    expect(await logitsOf(target, tensors)).toEqual(await logitsOf(plain(), before))
  })

  it('begin a head for other classes anew, and nothing else', () => {
    const { tensors, fresh } = adopt(
      storedOf(plain()),
      model('resnet8', { classes: 4 }),
      plain,
      'f',
    )
    expect(fresh).toEqual(['fc.weight', 'fc.bias'])
    expect(tensors.size).toBe(variables(plain().network).length - 2)
  })

  it('keep what they know of classes by name, in whatever order these stand', () => {
    const known = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
    const stored = storedOf(plain())
    const rows = (data: ArrayLike<number> | undefined, classes: readonly number[]) =>
      classes.flatMap(row => Array.from(data ?? []).slice(64 * row, 64 * (row + 1)))
    const weight = stored.get('fc.weight')?.data as Float32Array
    const take = (wanted: readonly string[]) =>
      adopt(stored, model('resnet8', { classes: wanted.length }), plain, 'f', { known, wanted })
    const turned = take([...known].reverse())
    expect(turned.fresh).toEqual([])
    expect([...(turned.tensors.get('fc.weight') ?? [])]).toEqual(
      rows(weight, [6, 5, 4, 3, 2, 1, 0]),
    )
    expect([...(turned.tensors.get('fc.bias') ?? [])]).toEqual(
      Array.from(stored.get('fc.bias')?.data as Float32Array).reverse(),
    )
    expect([...(take(['c', 'a']).tensors.get('fc.weight') ?? [])]).toEqual(rows(weight, [2, 0]))
    expect(take(['a', 'b', 'c', 'd', 'e', 'f', 'z']).fresh).toEqual(['fc.weight', 'fc.bias'])
  })

  it('keep a head whose classes have numbers only, if there are as many', () => {
    const known = ['0', '1', '2', '3', '4', '5', '6']
    const wanted = ['t', 'u', 'v', 'w', 'x', 'y', 'z']
    expect(adopt(storedOf(plain()), plain(), plain, 'f', { known, wanted }).fresh).toEqual([])
  })

  it('are refused with all that does not fit', () => {
    const stored = storedOf(plain())
    stored.delete('conv1.weight')
    stored.set('extra', { dtype: 'F32', shape: [1], data: Float32Array.of(1) })
    stored.set('bn1.bias', { dtype: 'F32', shape: [3], data: new Float32Array(3) })
    expect(() => adopt(stored, plain(), plain, 'file')).toThrow(
      'file: expected weights for resnet8, or for it without attention, got conv1.weight [16, 3, 3, 3] missing; bn1.bias [3] instead of [16]; extra [1] unexpected',
    )
  })

  it('pass over the counters of PyTorch', () => {
    const stored = storedOf(plain())
    stored.set('bn1.num_batches_tracked', { dtype: 'F32', shape: [], data: Float32Array.of(5) })
    expect(adopt(stored, plain(), plain, 'file').fresh).toEqual([])
  })
})
