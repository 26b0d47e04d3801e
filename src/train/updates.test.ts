/** What makes a step, by its formulas on a few numbers: optimizers, decay, clipping, averages, gradients. */

import { describe, expect, it } from 'vitest'
import { referenceEngine } from '../engines/reference/engine.ts'
import { graph, input, type Value } from '../graph/index.ts'
import { batchNorm2d, type Layer, layer, linear } from '../nn/index.ts'
import { add, constant, mul, reduceSum } from '../ops/index.ts'
import { clipByNorm, decayTerm, ema, flatGradient, flatten } from './flatValues.ts'
import { isFiniteStep } from './isFiniteStep.ts'
import { layout, layoutsOf, pack, unflatten, unpack } from './layout.ts'
import { adamw, type Optimizer, sgd } from './optimizers.ts'
import { DECAY_RULES } from './weightDecay.ts'

const ALL = [1, 2, 3, 4, 5, 6, 7, 8]

/** Values of a graph whose only input, if any, is `flat`. */
const computed = async (
  values: Readonly<Record<string, Value>>,
): Promise<Record<string, number[]>> => {
  const made = graph(values)
  const compiled = await referenceEngine.compile(made)
  const feeds = { flat: { shape: [8], data: Float32Array.from(ALL) } }
  const results = await compiled.run(made.inputs.length > 0 ? feeds : {})
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data, Number)]),
  )
}

const expectNear = (found: readonly number[], wanted: readonly number[]): void => {
  expect(found.length).toBe(wanted.length)
  for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, 6)
}

const [p, g, decay] = [
  [1, -2, 3],
  [0.5, 1, -1.5],
  [0.1, 0, -0.2],
]
const RATE = 0.3
const STEP = 3

const updated = async ({ update }: Optimizer, slots: readonly number[][]) => {
  const { parameters, slots: next } = update({
    parameters: constant(p),
    gradients: constant(g),
    decay: constant(decay),
    slots: slots.map(slot => constant(slot)),
    learningRate: constant(RATE),
    step: constant(STEP),
  })
  return computed({ parameters, ...Object.fromEntries(next.entries()) })
}

describe('an optimizer', () => {
  const v = [0.2, -0.4, 0.6]

  it.each([false, true])('SGD, with Nesterov’s momentum: %s', async nesterov => {
    const found = await updated(sgd({ momentum: 0.9, nesterov }), [v])
    const gradient = g.map((slope, i) => slope + decay[i])
    const next = v.map((velocity, i) => 0.9 * velocity + gradient[i])
    const direction = nesterov ? gradient.map((slope, i) => slope + 0.9 * next[i]) : next
    expectNear(
      found.parameters,
      p.map((value, i) => value - RATE * direction[i]),
    )
    expectNear(found[0], next)
  })

  it('AdamW', async () => {
    const m = [0.1, 0.2, -0.3]
    const s = [0.01, 0.04, 0.09]
    const found = await updated(adamw({ beta1: 0.8, beta2: 0.95, epsilon: 0.01 }), [m, s])
    const mean = m.map((value, i) => 0.8 * value + 0.2 * g[i])
    const square = s.map((value, i) => 0.95 * value + 0.05 * g[i] ** 2)
    const wanted = p.map((value, i) => {
      const std = Math.sqrt(square[i] / (1 - 0.95 ** STEP)) + 0.01
      return value - RATE * (mean[i] / (1 - 0.8 ** STEP) / std + decay[i])
    })
    expectNear(found.parameters, wanted)
    expectNear(found[0], mean)
    expectNear(found[1], square)
  })

  it('has the values of PyTorch unless told, and names what it keeps', async () => {
    expect(await updated(sgd(), [v])).toEqual(
      await updated(sgd({ momentum: 0.9, nesterov: false }), [v]),
    )
    expect(await updated(adamw(), [v, p.map(Math.abs)])).toEqual(
      await updated(adamw({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }), [v, p.map(Math.abs)]),
    )
    expect([sgd().slots, adamw().slots]).toEqual([['momentum'], ['expAvg', 'expAvgSq']])
  })
})

const TABLE = layout([
  { name: 'a.weight', shape: [2, 1] },
  { name: 'b.weight', shape: [1, 2] },
  { name: 'a.bias', shape: [3] },
  { name: 'c.weight', shape: [1, 1] },
])

it('a layout gives tensors their places in order', () => {
  expect(TABLE).toEqual({
    size: 8,
    entries: [
      { name: 'a.weight', shape: [2, 1], offset: 0, size: 2 },
      { name: 'b.weight', shape: [1, 2], offset: 2, size: 2 },
      { name: 'a.bias', shape: [3], offset: 4, size: 3 },
      { name: 'c.weight', shape: [1, 1], offset: 7, size: 1 },
    ],
  })
})

it('of a network those that decay come first, buffers apart', () => {
  const network: Layer = layer({ bn: batchNorm2d(2), fc: linear(2, 3) }, ({ bn, fc }, x) =>
    fc(bn(x)),
  )
  const names = ({ entries }: { readonly entries: readonly { readonly name: string }[] }) =>
    entries.map(({ name }) => name)
  const { parameters, buffers } = layoutsOf(network)
  expect(names(parameters)).toEqual(['fc.weight', 'bn.weight', 'bn.bias', 'fc.bias'])
  expect(names(buffers)).toEqual(['bn.running_mean', 'bn.running_var'])
  expect(names(layoutsOf(network, 'all').parameters)).toEqual([
    'bn.weight',
    'bn.bias',
    'fc.weight',
    'fc.bias',
  ])
  expect(unflatten(layout([]), constant([]))).toEqual(new Map())
})

it('a step is finite where all that it would change is', async () => {
  const whole = { loss: 1, norm: 1, parameters: 1, ema: 1, buffers: 1 }
  const holds = async (changes: Partial<typeof whole>, left: string[] = []): Promise<boolean> => {
    const { loss, norm, ...next } = { ...whole, ...changes }
    const kept = Object.entries(next).filter(([name]) => !left.includes(name))
    const y = isFiniteStep(
      constant(loss),
      constant(norm),
      Object.fromEntries(kept.map(([name, value]) => [name, constant([1, value])])),
    )
    return (await computed({ y })).y[0] !== 0
  }
  expect(await holds({})).toBe(true)
  expect(await holds({}, ['ema', 'buffers'])).toBe(true)
  expect(await holds({ norm: 2 ** 62 })).toBe(true)
  for (const name of ['loss', 'norm', 'ema', 'buffers'])
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
      expect(await holds({ [name]: value }), `${name} ${value}`).toBe(false)
  expect(await holds({ parameters: Number.NaN }, ['ema'])).toBe(false)
})

it('a layout packs arrays by name, and says all that do not fit', () => {
  const arrays = unpack(TABLE, Float32Array.from(ALL))
  expect([...arrays.values()].map(array => [...array])).toEqual([[1, 2], [3, 4], [5, 6, 7], [8]])
  expect([...pack(TABLE, arrays)]).toEqual(ALL)
  arrays.set('a.bias', new Float32Array(2))
  arrays.delete('c.weight')
  expect(() => pack(TABLE, arrays)).toThrow(
    /^weights: expected 4 tensors of the network, got 2 that do not fit: .*\. Check that the weights/,
  )
})

describe('of all parameters as one vector', () => {
  const decayed = async (holds: (name: string) => boolean, coefficient = 0.5): Promise<number[]> =>
    (await computed({ y: decayTerm(constant(ALL), TABLE, ({ name }) => holds(name), coefficient) }))
      .y

  it('those decay that the rule has', async () => {
    expect(await decayed(name => name.endsWith('weight'))).toEqual([0.5, 1, 1.5, 2, 0, 0, 0, 4])
    expect(await decayed(name => name.endsWith('bias'))).toEqual([0, 0, 0, 0, 2.5, 3, 3.5, 0])
    expect(await decayed(() => true)).toEqual(ALL.map(value => value / 2))
    expect(await decayed(() => false)).toEqual(ALL.map(() => 0))
    expect(await decayed(() => true, 0)).toEqual(ALL.map(() => 0))
  })

  it('each has its gradient, and frozen ones none', async () => {
    const tensors = unflatten(TABLE, input('flat', [8]))
    // The square of each, once, twice, … : its gradient is 2, 4, … times the number.
    const loss = [...tensors.values()]
      .map((value, i) => mul(reduceSum(mul(value, value)), i + 1))
      .reduce((sum, one) => add(sum, one))
    const gradient = async (...frozen: string[]): Promise<number[]> =>
      (await computed({ y: flatGradient(loss, TABLE, tensors, new Set(frozen)) })).y
    const whole = [2, 4, 12, 16, 30, 36, 42, 64]
    expect(await gradient()).toEqual(whole)
    expect(await gradient('a.weight', 'b.weight')).toEqual([0, 0, 0, 0, 30, 36, 42, 64])
    expect(await gradient('a.bias')).toEqual([2, 4, 12, 16, 0, 0, 0, 64])
    const y = flatten(TABLE, name => tensors.get(name) as Value)
    expect((await computed({ y })).y).toEqual(ALL)
  })

  it('a gradient that is too long is shortened, a shorter one is not', async () => {
    const clipped = async (norm: number): Promise<number[]> =>
      (await computed({ y: clipByNorm(constant([3, 4]), constant(norm), 2.5) })).y
    expectNear(await clipped(5), [1.5, 2])
    expectNear(await clipped(2), [3, 4])
  })

  it('an average moves by the rest of its decay', async () => {
    const { y } = await computed({ y: ema(constant([1, 2]), constant([3, -2]), 0.75) })
    expectNear(y, [1.5, 1])
  })
})

it('rules of decay go by name and shape', () => {
  const { weights, all, 'all-but-beta': butBeta } = DECAY_RULES
  const decays = (name: string, shape: number[]): boolean[] => [
    weights(name, shape),
    butBeta(name),
    all(),
  ]
  expect(decays('conv.weight', [2, 2])).toEqual([true, true, true])
  expect(decays('bn.weight', [2])).toEqual([false, true, true])
  expect(decays('gct.beta', [1, 2, 1, 1])).toEqual([false, false, true])
  expect(decays('srm.cfc', [2, 2])).toEqual([false, true, true])
  expect(decays('beta.weight', [2, 2])).toEqual([true, true, true])
})
