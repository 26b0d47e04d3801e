/** The generator against its published vectors, and what is drawn from it against its distribution. */

import { describe, expect, it } from 'vitest'
import { assembled } from '../../scripts/assemble.ts'
import { permutation, random, threefry } from './index.ts'
import { KERNEL } from './kernel.wasm.ts'

const DRAWS = 20_000

type Vector = readonly [key: [number, number], counter: [number, number], output: [number, number]]

/** From the known-answer file of Random123, the authors' own implementation. */
const VECTORS: readonly Vector[] = [
  [
    [0, 0],
    [0, 0],
    [0x6b200159, 0x99ba4efe],
  ],
  [
    [0xffffffff, 0xffffffff],
    [0xffffffff, 0xffffffff],
    [0x1cb996fc, 0xbb002be7],
  ],
  [
    [0x13198a2e, 0x03707344],
    [0x243f6a88, 0x85a308d3],
    [0xc4923a9c, 0x483df7a0],
  ],
]

it.each(VECTORS)('threefry of key %j and counter %j is %j', (key, counter, output) => {
  expect(threefry(key, counter)).toEqual(output)
})

const draws = (draw: (index: number) => number, count = DRAWS): number[] =>
  Array.from({ length: count }, (_, index) => draw(index))

const moment = (values: readonly number[], power: number): number =>
  values.reduce((sum, value) => sum + value ** power, 0) / values.length

const oddProduct = (n: number): number => (n <= 1 ? 1 : n * oddProduct(n - 2))

/** The range, and the expectation of the k-th power. */
const DISTRIBUTIONS = {
  uniform: { low: 0, high: 1, power: (k: number) => 1 / (k + 1) },
  normal: { low: -7, high: 7, power: (k: number) => (k % 2 === 1 ? 0 : oddProduct(k - 1)) },
} as const

describe.each(['uniform', 'normal'] as const)('%s', name => {
  const { low, high, power } = DISTRIBUTIONS[name]
  const values = draws(random(3)[name])

  it('stays in its range', () => {
    expect(values.every(value => value >= low && value < high)).toBe(true)
  })

  it.each([1, 2, 3, 4, 5, 6])('has its moment %i, within four standard errors', k => {
    const error = Math.sqrt((power(2 * k) - power(k) ** 2) / DRAWS)
    expect(Math.abs(moment(values, k) - power(k))).toBeLessThan(4 * error)
  })
})

it('successive draws do not go together', () => {
  const values = draws(random(4).normal)
  const products = values.slice(1).map((value, i) => value * values[i])
  expect(Math.abs(moment(products, 1))).toBeLessThan(0.035)
})

it.each([1, 2, 3, 10, 100])('below gives each of 0 … n − 1 equally often, n = %i', n => {
  const counts = new Array<number>(n).fill(0)
  for (const value of draws(index => random(5).below(index, n))) counts[value]++
  const expected = DRAWS / n
  for (const count of counts)
    expect(Math.abs(count - expected)).toBeLessThanOrEqual(5 * Math.sqrt(expected))
  expect(counts).toHaveLength(n)
})

it('below reaches the upper half of 2³²', () => {
  const values = draws(index => random(6).below(index, 2 ** 32), 100)
  expect(Math.max(...values)).toBeGreaterThan(2 ** 31)
  expect(values.every(value => Number.isInteger(value) && value < 2 ** 32)).toBe(true)
})

describe('streams', () => {
  const streams = {
    'seed 0': random(0),
    'seed 1': random(1),
    'seed 2³²': random(2 ** 32),
    'a name': random(0).fork('shuffle'),
    'another name': random(0).fork('augment'),
    'a number': random(0).fork(0),
    'another number': random(0).fork(1),
    'the number as a name': random(0).fork('0'),
    'a fork of a fork': random(0).fork('shuffle').fork(0),
    'the forks the other way round': random(0).fork(0).fork('shuffle'),
  }

  it('share no draws', () => {
    const all = Object.values(streams).flatMap(({ uint32 }) => draws(uint32, 100))
    expect(new Set(all).size).toBe(all.length)
  })

  it('do not repeat after 2³² draws', () => {
    expect(random(0).uint32(2 ** 32)).not.toBe(random(0).uint32(0))
  })

  it('depend on names and indices only, not on what was drawn before', () => {
    const source = random(7)
    draws(source.uint32, 10)
    source.fork('other').uint32(0)
    expect(source.fork('one').uint32(5)).toBe(random(7).fork('one').uint32(5))
  })

  it('stay what they are, so that old runs resume', () => {
    const source = random(7).fork('shuffle').fork(3)
    expect([...permutation(source, 8)]).toEqual([3, 4, 0, 2, 6, 1, 7, 5])
    expect(draws(source.uint32, 3)).toEqual([568_910_884, 3_661_279_898, 110_234_991])
  })
})

describe('filling', () => {
  const source = random(11).fork('many')

  it('is what its text says', async () => {
    expect(KERNEL).toBe(await assembled('random/kernel'))
  })

  it.each([0, 1, 2, 3, 5, 8191, 8192, 8193, 300_001])(
    'gives %i draws as they come one by one, to the last bit',
    count => {
      const normals = new Float32Array(count)
      const uniforms = new Float32Array(count)
      source.fillNormal(normals, 0.3)
      source.fillUniform(uniforms, 0.7)
      const bits = ({ buffer }: Float32Array) => new Uint32Array(buffer)
      const wanted = (element: (index: number) => number) =>
        bits(Float32Array.from({ length: count }, (_, index) => element(index)))
      expect(bits(normals)).toEqual(wanted(index => 0.3 * source.normal(index)))
      expect(bits(uniforms)).toEqual(wanted(index => 0.7 * (2 * source.uniform(index) - 1)))
    },
  )

  it('touches nothing around what it fills', () => {
    const values = new Float32Array(12).fill(9)
    source.fillNormal(values.subarray(3, 8), 1)
    expect(values.findIndex(value => value !== 9)).toBe(3)
    expect(values.findLastIndex(value => value !== 9)).toBe(7)
  })
})

describe('permutation', () => {
  it.each([0, 1, 2, 3, 10, 1000])('holds each of %i numbers once', count => {
    const order = permutation(random(8), count)
    expect([...order].sort((a, b) => a - b)).toEqual(draws(index => index, count))
  })

  it('gives every order of four equally often', () => {
    const times = new Map<string, number>()
    const perOrder = 200
    for (let i = 0; i < 24 * perOrder; i++) {
      const order = permutation(random(9).fork(i), 4).join()
      times.set(order, (times.get(order) ?? 0) + 1)
    }
    expect(times.size).toBe(24)
    for (const count of times.values())
      expect(Math.abs(count - perOrder)).toBeLessThan(5 * Math.sqrt(perOrder))
  })
})
