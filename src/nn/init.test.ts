/** First values: their spread and bounds, and that they are a function of seed and name alone. */

import { describe, expect, it } from 'vitest'
import { sizeOf } from '../graph/index.ts'
import {
  batchNorm2d,
  conv2d,
  type Initializer,
  init,
  initialize,
  type Layer,
  layer,
  layerNorm,
  linear,
  parameter,
} from './index.ts'

const valuesOf = (network: Layer, name: string, seed = 1): Float32Array =>
  initialize(network, seed).get(name) ?? expect.fail(`no ${name}`)

const statistics = (values: Float32Array) => {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return { mean, std: Math.sqrt(variance), least, most }
}

const drawn = (shape: readonly number[], initializer: Initializer) =>
  statistics(
    valuesOf(
      layer({ w: parameter(shape, initializer) }, (_, x) => x),
      'w',
    ),
  )

describe('normal initializers', () => {
  it.each<readonly [string, readonly number[], Initializer, number]>([
    ['he, by the fan-out of a 3×3', [64, 32, 3, 3], init.heNormal, Math.sqrt(2 / (64 * 9))],
    ['he, by the fan-out of a 1×1', [256, 64, 1, 1], init.heNormal, Math.sqrt(2 / 256)],
    [
      'he, by the fan-out of a grouped convolution',
      [256, 4, 3, 3],
      init.heNormal,
      Math.sqrt(2 / (256 * 9)),
    ],
    ['he, by the outputs of a matrix', [128, 200], init.heNormal, Math.sqrt(2 / 128)],
    ['σ = 0.01', [128, 128], init.normal(0.01), 0.01],
  ])('%s', (_, shape, initializer, std) => {
    const found = drawn(shape, initializer)
    expect(found.std / std).toBeCloseTo(1, 1)
    // Six standard errors of a mean of so many draws.
    expect(Math.abs(found.mean)).toBeLessThan((6 * std) / Math.sqrt(sizeOf(shape)))
    expect(found.most).toBeGreaterThan(3 * std)
    expect(found.least).toBeLessThan(-3 * std)
  })
})

describe('uniform initializers', () => {
  const bias = (network: Layer) => statistics(valuesOf(network, 'bias'))
  it.each<readonly [string, ReturnType<typeof statistics>, number]>([
    ['a matrix: its inputs', drawn([100, 400], init.torchDefault), 1 / 20],
    ['a convolution: channels by kernel', drawn([64, 4, 5, 5], init.torchDefault), 1 / 10],
    ['the bias of a linear layer: its inputs', bias(linear(400, 5000)), 1 / 20],
    [
      'the bias of a grouped convolution: channels of a group by kernel',
      bias(conv2d(8, 5000, 5, { group: 2, bias: true })),
      1 / 10,
    ],
  ])('within ±1/√fan-in, %s', (_, { mean, std, least, most }, bound) => {
    expect(most).toBeLessThanOrEqual(bound)
    expect(least).toBeGreaterThanOrEqual(-bound)
    expect(most).toBeGreaterThan(0.99 * bound)
    expect(least).toBeLessThan(-0.99 * bound)
    expect(Math.abs(mean)).toBeLessThan(0.05 * bound)
    expect((std * Math.sqrt(3)) / bound).toBeCloseTo(1, 1)
  })
})

it.each<readonly [string, Layer, Record<string, number>]>([
  ['batchNorm2d', batchNorm2d(3), { weight: 1, bias: 0, running_mean: 0, running_var: 1 }],
  [
    'batchNorm2d that begins at zero',
    batchNorm2d(3, { scale: 0 }),
    { weight: 0, bias: 0, running_mean: 0, running_var: 1 },
  ],
  ['layerNorm', layerNorm(3), { weight: 1, bias: 0 }],
])('%s begins with constants', (_, network, wanted) => {
  const found = [...initialize(network, 1)].map(([name, values]) => [name, [...values]])
  expect(Object.fromEntries(found)).toEqual(
    Object.fromEntries(
      Object.entries(wanted).map(([name, value]) => [name, [value, value, value]]),
    ),
  )
})

describe('first values', () => {
  const small = layer({ conv1: conv2d(3, 8, 3), fc: linear(8, 2) }, (_, x) => x)
  const plain = (network: Layer, seed: number) =>
    Object.fromEntries([...initialize(network, seed)].map(([name, v]) => [name, [...v]]))

  it('are there for every variable, in its size', () => {
    const sizes = [...initialize(small, 1)].map(([name, { length }]) => [name, length])
    expect(sizes).toEqual([
      ['conv1.weight', 216],
      ['fc.weight', 16],
      ['fc.bias', 2],
    ])
  })

  it('are a function of the seed', () => {
    expect(plain(small, 7)).toEqual(plain(small, 7))
    for (const name of ['conv1.weight', 'fc.weight', 'fc.bias'])
      expect(valuesOf(small, name, 8)).not.toEqual(valuesOf(small, name, 7))
  })

  it('do not depend on what else the network has, nor on its order', () => {
    const large = layer(
      {
        fc: linear(8, 2),
        extra: parameter([5], init.constant(3)),
        bn: batchNorm2d(8),
        conv1: conv2d(3, 8, 3),
      },
      (_, x) => x,
    )
    expect(plain(large, 7)).toMatchObject(plain(small, 7))
  })

  it('differ between layers of one shape', () => {
    const twins = layer({ a: linear(8, 8), b: linear(8, 8) }, (_, x) => x)
    expect(valuesOf(twins, 'a.weight')).not.toEqual(valuesOf(twins, 'b.weight'))
    expect(valuesOf(twins, 'a.bias')).not.toEqual(valuesOf(twins, 'b.bias'))
  })

  it('of a seed stay what they were, so that an old run can be repeated', () => {
    expect([
      ...valuesOf(
        layer({ w: parameter([4, 1], init.heNormal) }, (_, x) => x),
        'w',
        42,
      ),
    ]).toMatchInlineSnapshot(`
      [
        -0.4331659972667694,
        -0.5522605776786804,
        0.14100907742977142,
        0.8253413438796997,
      ]
    `)
  })
})
