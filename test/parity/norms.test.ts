/** Normalizations against PyTorch's, recorded by record_norms.py in float64: values and gradients, on every engine. */

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { gradients } from '../../src/autodiff/index.ts'
import { referenceEngine } from '../../src/engines/reference/engine.ts'
import { graph, input } from '../../src/graph/index.ts'
import { model } from '../../src/models/registry.ts'
import {
  groupNorm,
  instanceNorm,
  type Layer,
  localResponseNorm,
  NORMS,
  trace,
  variables,
} from '../../src/nn/index.ts'
import { mul, reduceSum } from '../../src/ops/index.ts'
import { FLOAT32_ENGINES, runOnce } from './compare.ts'

type Recorded = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>
const recorded = JSON.parse(
  readFileSync(new URL('fixtures/norms.json', import.meta.url), 'utf8'),
) as Recorded

const SHAPE = [2, 8, 1, 3]
const formula = (count: number, of: (i: number) => number) =>
  Float32Array.from({ length: count }, (_, i) => of(i))
const FEEDS = {
  x: { shape: SHAPE, data: formula(48, i => 2 * Math.sin(1.7 * i) + 0.3) },
  dy: { shape: SHAPE, data: formula(48, i => Math.cos(0.9 * i)) },
  weight: { shape: [8], data: formula(8, i => Math.sin(0.6 * i) + 1) },
  bias: { shape: [8], data: formula(8, i => Math.cos(0.8 * i)) },
}

const LAYERS: Readonly<Record<string, Layer>> = {
  'group of 4': groupNorm(4, 8),
  layer: groupNorm(1, 8),
  instance: instanceNorm(8),
  'lrn of 5': localResponseNorm({ alpha: 0.1, k: 2 }),
  'lrn of 2': localResponseNorm({ size: 2, alpha: 1 }),
}

/** Our output and gradients, in the order of the record. */
const traced = (layer: Layer) => {
  const x = input('x', SHAPE)
  const parameters = new Map(
    variables(layer).map(({ name, tensor }) => [name, input(name, tensor.shape)]),
  )
  const y = trace(layer, name => parameters.get(name) as typeof x, x)
  const loss = reduceSum(mul(y, input('dy', SHAPE)))
  const sources = [x, ...parameters.values()]
  const found = gradients(loss, sources)
  const named = ['x', ...parameters.keys()].map((name, i) => [name, found[i]])
  return { graph: graph({ y, ...Object.fromEntries(named) }), names: [...parameters.keys()] }
}

describe.each(Object.entries(LAYERS))('%s', (name, layer) => {
  it.each([...FLOAT32_ENGINES, referenceEngine])(
    'is PyTorch’s with its gradients, by $name',
    async engine => {
      const { graph, names } = traced(layer)
      const feeds = Object.fromEntries(
        Object.entries(FEEDS).filter(([feed]) => ['x', 'dy', ...names].includes(feed)),
      )
      const got = await runOnce(engine, graph, feeds)
      for (const [output, wanted] of Object.entries(recorded[name]))
        for (const [i, value] of wanted.entries())
          expect(got[output].data[i], `${output} ${i}`).toBeCloseTo(value, 4)
    },
  )
})

it('normalizes as PyTorch does by hand: the first numbers of sin 0 … 15', async () => {
  const shape = [1, 4, 2, 2]
  const x = { shape, data: formula(16, Math.sin) }
  const first = async (layer: Layer) => {
    const y = trace(layer, name => input(name, [4]), input('x', shape))
    const ones = { shape: [4], data: new Float32Array(4).fill(1) }
    const own =
      variables(layer).length > 0
        ? { weight: ones, bias: { ...ones, data: new Float32Array(4) } }
        : {}
    const got = await runOnce(referenceEngine, graph({ y }), { x, ...own })
    return [...got.y.data.subarray(0, 4)].map(value => expect.closeTo(value as number, 5))
  }
  const wanted = {
    group: [-0.10436938, 1.16445673, 1.26672995, 0.10842077],
    instance: [-1.16434193, 0.90715426, 1.07412636, -0.81693891],
    layer: [-0.1751224, 1.04292905, 1.1411097, 0.02915254],
  }
  expect(wanted).toEqual({
    group: await first(groupNorm(2, 4)),
    instance: await first(instanceNorm(4)),
    layer: await first(groupNorm(1, 4)),
  })
})

it.each(NORMS)('a backbone has it wherever it had batch normalization: %s', norm => {
  const names = (options: object) =>
    variables(model('se-resnet8', options).network).map(({ name }) => name)
  const buffers = names({ norm }).filter(name => name.includes('running'))
  expect(buffers.length > 0).toBe(norm === 'batch')
  const isFree = norm === 'instance' || norm === 'lrn'
  expect(names({ norm }).some(name => name === 'bn1.weight')).toBe(!isFree)
})
