/** State vectors in chunks compute what whole ones do, on the reference engine, and none is split any more. */

import { describe, expect, it } from 'vitest'
import type { Compiled, Tensors } from '../engines/engine.ts'
import { compileChunked } from '../engines/onnxruntime/chunkedState.ts'
import { referenceEngine } from '../engines/reference/engine.ts'
import { type Graph, graph, input, type Value } from '../graph/index.ts'
import { model } from '../models/registry.ts'
import { initialize } from '../nn/index.ts'
import { add, concat, mul, reduceSum, slice, split, zeros } from '../ops/index.ts'
import { random } from '../random/index.ts'
import { pack } from '../train/layout.ts'
import { adamw, sgd } from '../train/optimizers.ts'
import { inferenceStep, type StepOptions, trainingStep } from '../train/step.ts'
import { chunkVectors } from './chunkVectors.ts'
import { conditionalState } from './conditionalState.ts'

const LEAST = 500
const SHAPE = [2, 3, 8, 8]
const { network } = model('se-resnet8')

const noise = (length: number, name: string): Float32Array => {
  const draw = random(5).fork(name)
  return Float32Array.from({ length }, (_, i) => draw.normal(i))
}

const compileBoth = (given: Graph, state: readonly string[]): Promise<Compiled[]> =>
  Promise.all([
    referenceEngine.compile(given, { state }),
    compileChunked(
      conditionalState(given, state).graph,
      state,
      (own, names) => referenceEngine.compile(own, { state: names }),
      LEAST,
    ),
  ])

const lengthOf = ({ shape }: Value): number => (shape.length === 1 ? shape[0] : 0)

const vector = (data: Float32Array) => ({ shape: [data.length], data })

/** What is split, but for the buffers, which are small. */
const splitsIn = ({ nodes }: Graph): (string | undefined)[] =>
  nodes
    .filter(({ op }) => op === 'split')
    .map(({ inputs: [{ name }] }) => name)
    .filter(name => name !== 'buffers')

const close = (got: ArrayLike<number>, wanted: ArrayLike<number>): void => {
  expect(got.length).toBe(wanted.length)
  for (let i = 0; i < wanted.length; i++)
    if (Math.abs(got[i] - wanted[i]) > 1e-6 * (1 + Math.abs(wanted[i])))
      expect.fail(`${i}: ${got[i]}, not ${wanted[i]}`)
}

const OPTIONS: Readonly<Record<string, Partial<StepOptions>>> = {
  SGD: { optimizer: sgd() },
  'SGD with decay': { optimizer: sgd({ nesterov: true }), weightDecay: 1e-2 },
  'AdamW with clipping and an average': {
    optimizer: adamw(),
    weightDecay: 1e-2,
    clipNorm: 0.1,
    emaDecay: 0.9,
  },
  'frozen parts': {
    weightDecay: 1e-2,
    frozen: new Set([...initialize(network, 0).keys()].filter(name => /layer[12]/.test(name))),
  },
}

describe.each(Object.entries(OPTIONS))('a training step: %s', (_, given) => {
  const step = trainingStep({ network, images: SHAPE, optimizer: sgd(), ...given })
  const feeds: Tensors = {
    images: { shape: SHAPE, data: noise(2 * 3 * 64, 'images') },
    labels: { shape: [2], data: Int32Array.of(3, 1) },
    learningRate: { shape: [], data: Float32Array.of(0.1) },
    step: { shape: [], data: Float32Array.of(1) },
  }
  const first = initialize(network, 1)
  const start: Tensors = Object.fromEntries(
    step.state.map(name => {
      const table = name === 'buffers' ? step.buffers : step.parameters
      const own = name === 'parameters' || name === 'buffers'
      return [name, vector(own ? pack(table, first) : noise(table.size, name).map(Math.abs))]
    }),
  )

  it('does not split state', () => {
    const { graph: own, sizes } = chunkVectors(
      conditionalState(step.graph, step.state).graph,
      step.state,
      LEAST,
    )
    expect([...sizes.keys()]).toEqual(
      expect.arrayContaining(['parameters', 'momentum'].slice(0, 1)),
    )
    for (const pieces of sizes.values()) expect(pieces.length).toBeGreaterThan(3)
    expect(splitsIn(own)).toEqual([])
    const longest = Math.max(...own.nodes.flatMap(({ outputs }) => outputs.map(lengthOf)))
    expect(longest).toBeLessThan(step.parameters.size / 2)
  })

  it('goes on as it would', async () => {
    const [whole, cut] = await compileBoth(step.graph, step.state)
    for (const compiled of [whole, cut]) await compiled.state.write(start)
    for (let run = 0; run < 3; run++) {
      const [wanted, got] = [await whole.run(feeds), await cut.run(feeds)]
      expect(Object.keys(got)).toEqual(Object.keys(wanted))
      for (const [name, { data }] of Object.entries(wanted)) close(got[name].data, data)
    }
    for (const name of step.state)
      close((await cut.state.read(name)).data, (await whole.state.read(name)).data)
  })
})

it('an inference is given its weights as views', async () => {
  const given = inferenceStep(network, SHAPE, 'weights')
  const state = ['parameters', 'buffers']
  const step = trainingStep({ network, images: SHAPE, optimizer: sgd() })
  const first = initialize(network, 1)
  const [whole, cut] = await compileBoth(given, state)
  const images = { shape: SHAPE, data: noise(2 * 3 * 64, 'images') }
  const [parameters, buffers] = [pack(step.parameters, first), pack(step.buffers, first)]
  for (const compiled of [whole, cut])
    await compiled.state.write({ parameters: vector(parameters), buffers: vector(buffers) })
  close((await cut.run({ images })).logits.data, (await whole.run({ images })).logits.data)
  expect((await cut.state.read('parameters')).data).toEqual(parameters)
  expect(splitsIn(chunkVectors(given, state, LEAST).graph)).toEqual([])
})

describe('whatever else a graph does with them', () => {
  const w = input('w', [2000])
  const [a, b, c] = split(w, [700, 650, 650], 0)
  const other = input('other', [2000])
  const CASES: Readonly<Record<string, Value>> = {
    'another split across the pieces': add(concat([...split(w, [1000, 1000], 0)].reverse(), 0), w),
    'a slice': concat([slice(w, [10], [1990]), zeros([20])], 0),
    'a reduction that is not in pieces': mul(w, reduceSum(w)),
    'a vector that is not held': mul(w, other),
    'zeros over several pieces': add(concat([zeros([1350]), c], 0), w),
    'pieces in another order': add(concat([c, a, b], 0), w),
  }
  it.each(Object.entries(CASES))('%s', async (_, next) => {
    const given = graph({ w: add(next, concat([a, b, c], 0)), seen: reduceSum(mul(a, 2)) })
    const [whole, cut] = await compileBoth(given, ['w'])
    const feeds = { other: vector(noise(2000, 'other')) }
    for (const compiled of [whole, cut]) await compiled.state.write({ w: vector(noise(2000, 'w')) })
    for (let run = 0; run < 2; run++)
      close((await cut.run(feeds)).seen.data, (await whole.run(feeds)).seen.data)
    close((await cut.state.read('w')).data, (await whole.state.read('w')).data)
  })

  it('is checked as for whole ones', async () => {
    const given = graph({ w: concat([a, mul(b, 2), c], 0) })
    const [, cut] = await compileBoth(given, ['w'])
    expect(chunkVectors(given, ['w'], LEAST).sizes.get('w')).toEqual([700, 650, 650])
    await expect(cut.state.read('w')).rejects.toThrow('state w')
    await expect(cut.run({})).rejects.toThrow('state w/0: expected a value, got none')
    await cut.state.initialize('w', values => values.fill(1))
    await cut.run({})
    const { data } = await cut.state.read('w')
    expect([0, 699, 700, 1349, 1350, 1999].map(i => data[i])).toEqual([1, 1, 2, 2, 1, 1])
    await expect(cut.state.write({ w: vector(new Float32Array(3)) })).rejects.toThrow(
      'expected shape [2000]',
    )
    await expect(cut.state.write({ x: vector(new Float32Array(3)) })).rejects.toThrow(
      'state x: expected one of w, got x',
    )
  })
})
