/** FiBiNET: formulas against numbers done by hand. */

import { expect, it } from 'vitest'
import { referenceEngine } from '../engines/reference/engine.ts'
import { graph, input } from '../graph/index.ts'
import { type Layer, trace, variables } from '../nn/index.ts'
import { areaUnderRoc, hitsAt } from '../stats/ranking.ts'
import { bilinear, fieldExcitation, INTERACTIONS } from './fibinet.ts'

const count = (layer: Layer): number =>
  variables(layer).reduce((sum, { tensor }) => sum + tensor.shape.reduce((a, b) => a * b, 1), 0)

const run = async (
  layer: Layer,
  shape: number[],
  x: number[],
  weights: Record<string, number[]>,
) => {
  const shapes = new Map(variables(layer).map(({ name, tensor }) => [name, tensor.shape]))
  const y = trace(layer, name => input(name, shapes.get(name) ?? []), input('x', shape))
  const feeds = { ...weights, x }
  const compiled = await referenceEngine.compile(graph({ y }), {})
  const found = await compiled.run(
    Object.fromEntries(
      Object.entries(feeds).map(([name, data]) => [
        name,
        { shape: name === 'x' ? shape : (shapes.get(name) ?? []), data: Float32Array.from(data) },
      ]),
    ),
  )
  return [...found.y.data].map(Number)
}

it('has the parameters of the paper', () => {
  expect(count(fieldExcitation(39))).toBe(1014)
  expect(INTERACTIONS.map(kind => count(bilinear(4, 2, kind)))).toEqual([4, 12, 24])
})

it('weighs fields by two ReLUs without bias: one of them is left out', async () => {
  // z = [2, 3, 4]; W₁z = 1; W₂ = [1, −1, 0.5] gives the gates 1, 0, 0.5.
  const weights = { 'fc1.weight': [1, 1, -1], 'fc2.weight': [1, -1, 0.5] }
  const y = await run(fieldExcitation(3), [1, 3, 2], [1, 3, 2, 4, 3, 5], weights)
  expect(y).toEqual([1, 3, 0, 0, 1.5, 2.5])
})

it('multiplies pairs in their order, each kind by its matrices', async () => {
  const v = [1, 2, 3, 5, 7, 11]
  const [identity, swap, double] = [
    [1, 0, 0, 1],
    [0, 1, 1, 0],
    [2, 0, 0, 2],
  ]
  const products = (kind: 'all' | 'each' | 'interaction', weight: number[]) =>
    run(bilinear(3, 2, kind), [1, 3, 2], v, { weight })
  expect(await products('all', swap)).toEqual([6, 5, 14, 11, 35, 33])
  expect(await products('each', [...identity, ...swap])).toEqual([3, 10, 7, 22, 35, 33])
  const own = [...identity, ...swap, ...double]
  expect(await products('interaction', own)).toEqual([3, 10, 14, 11, 42, 110])
})

it('ranks by the area under ROC with ties counted half, and by hits among sampled negatives', () => {
  expect(areaUnderRoc([0.1, 0.4, 0.35, 0.8], [false, false, true, true])).toBe(0.75)
  expect(areaUnderRoc([1, 1, 1], [true, false, false])).toBe(0.5)
  const links = [
    { score: 3, negatives: [1, 2, 3] },
    { score: 5, negatives: [1, 2, 3] },
  ]
  expect([1, 2].map(k => hitsAt(k, links))).toEqual([0.5, 1])
})
