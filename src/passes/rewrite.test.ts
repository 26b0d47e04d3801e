/** Rewriting: every law keeps what random graphs compute, and the graph given stays as it was. */

import { describe, expect, it } from 'vitest'
import type { Tensors } from '../engines/engine.ts'
import { referenceEngine } from '../engines/reference/engine.ts'
import {
  dependencies,
  type Graph,
  graph,
  input,
  printGraph,
  sizeOf,
  type Value,
} from '../graph/index.ts'
import {
  add,
  batchNormalizationInference,
  concat,
  convolution,
  mul,
  neg,
  relu,
  split,
} from '../ops/index.ts'
import { random } from '../random/index.ts'
import { chunkName, chunkVectors } from './chunkVectors.ts'
import { foldBatchNorm } from './foldBatchNorm.ts'
import { rewrite, rule } from './rewrite.ts'

const GRAPHS = 40

const drawing = (seed: number) => {
  const source = random(seed).fork('graphs')
  let index = 0
  const below = (count: number): number => Math.floor(source.uniform(index++) * count)
  return { below, pick: <Item>(items: readonly Item[]): Item => items[below(items.length)] }
}

const numbers = (name: string, length: number): Float32Array => {
  const draw = random(3).fork(name)
  return Float32Array.from({ length }, (_, i) => 0.5 + Math.abs(draw.normal(i)))
}

const feedsOf = (
  { inputs }: Graph,
  tensors: ReadonlyMap<string, Float32Array> = new Map(),
): Tensors =>
  Object.fromEntries(
    inputs.map(({ name = '', shape }) => {
      const data = tensors.get(name) ?? numbers(name, sizeOf(shape))
      return [name, { dtype: 'float32' as const, shape, data }]
    }),
  )

const run = async (of: Graph, feeds: Tensors): Promise<Record<string, number[]>> => {
  const { y, ...rest } = await (await referenceEngine.compile(of)).run(feeds)
  return Object.fromEntries(
    Object.entries({ y, ...rest }).map(([name, { data }]) => [name, [...data]]),
  )
}

const expectClose = (got: readonly number[], wanted: readonly number[]): void => {
  expect(got.length).toBe(wanted.length)
  for (const [i, value] of wanted.entries()) expect(got[i]).toBeCloseTo(value, 4)
}

/** Every value is an output of its node, and the nodes are those that the outputs depend on. */
const expectWhole = (one: Graph): void => {
  const nodes = new Set(one.nodes)
  for (const node of one.nodes) {
    for (const output of node.outputs) expect(output.node).toBe(node)
    for (const { node: from } of node.inputs)
      expect(from === undefined || nodes.has(from)).toBe(true)
  }
  expect(dependencies(Object.values(one.outputs)).nodes).toEqual(one.nodes)
}

/** Convolutions, normalizations and additions of images, some of them read twice. */
const network = (seed: number): Graph => {
  const { below, pick } = drawing(seed)
  const values: Value[] = [input('images', [1, 4, 3, 3])]
  for (let i = 0; i < 6; i++) {
    const x = values[values.length - 1]
    const vector = (name: string): Value => input(`${i}.${name}`, [4])
    const made = pick([
      () =>
        convolution(x, input(`${i}.weight`, [4, 4, 1, 1]), below(2) ? vector('bias') : undefined),
      () =>
        batchNormalizationInference(
          x,
          ...(['scale', 'shift', 'mean', 'var'].map(vector) as [Value, Value, Value, Value]),
        ),
      () => relu(x),
      () => add(x, pick(values)),
    ])
    values.push(made())
  }
  return graph({ y: values[values.length - 1] })
}

/** Splits, arithmetic and concatenations of a vector. */
const step = (seed: number): Graph => {
  const { below, pick } = drawing(seed)
  const sizes = pick([
    [6, 6, 8],
    [10, 10],
    [5, 5, 5, 5],
  ])
  const w = input('w', [20])
  const parts = split(w, sizes, 0).map(part => pick([neg, (v: Value) => mul(v, 2)])(part))
  const vectors: Value[] = [w, concat(parts, 0), input('other', [20])]
  for (let i = 0; i < 4; i++)
    vectors.push(pick([add, mul])(pick(vectors), pick([...vectors, input(`scalar${i}`, [])])))
  const next = vectors[vectors.length - 1 - below(2)]
  return graph({ w: next, y: split(next, [7, 13], 0)[1] })
}

const seeds = Array.from({ length: GRAPHS }, (_, seed) => seed)

describe('on random graphs', () => {
  it('foldBatchNorm', async () => {
    let folded = 0
    for (const seed of seeds) {
      const given = network(seed)
      const before = printGraph(given)
      const feeds = feedsOf(given)
      const tensors = new Map(
        given.inputs.slice(1).map(({ name = '' }) => [name, feeds[name].data as Float32Array]),
      )
      const made = foldBatchNorm(given, tensors)
      expect(printGraph(given)).toBe(before)
      expectWhole(made.graph)
      folded += made.applied.foldBatchNorm
      const images = new Map(made.tensors).set('images', feeds.images.data as Float32Array)
      expectClose(
        (await run(made.graph, feedsOf(made.graph, images))).y,
        (await run(given, feeds)).y,
      )
    }
    expect(folded).toBeGreaterThan(5)
  })

  it('chunkVectors', async () => {
    let chunked = 0
    for (const seed of seeds) {
      const given = step(seed)
      const before = printGraph(given)
      const made = chunkVectors(given, ['w'], 4)
      expect(printGraph(given)).toBe(before)
      expectWhole(made.graph)
      const sizes = made.sizes.get('w')
      if (sizes === undefined) continue
      chunked++
      const feeds = feedsOf(given)
      const w = feeds.w.data as Float32Array
      const tensors = new Map<string, Float32Array>()
      let end = 0
      for (const [i, size] of sizes.entries()) {
        tensors.set(chunkName('w', i), w.slice(end, end + size))
        end += size
      }
      for (const { name, chunk, offset, size } of made.views)
        tensors.set(name, (tensors.get(chunk) as Float32Array).slice(offset, offset + size))
      const [got, wanted] = [
        await run(made.graph, feedsOf(made.graph, tensors)),
        await run(given, feeds),
      ]
      expectClose(got.y, wanted.y)
      expectClose(
        sizes.flatMap((_, i) => got[chunkName('w', i)]),
        wanted.w,
      )
    }
    expect(chunked).toBeGreaterThan(20)
  })
})

it('says where a law applied, and why it did not elsewhere', () => {
  const x = input('x', [2])
  const once = neg(neg(x))
  const shared = neg(x)
  const law = rule({
    name: 'doubleNegation',
    match: ({ op, inputs: [inner] }) =>
      op === 'neg' && inner.node?.op === 'neg' ? { inner, x: inner.node.inputs[0] } : undefined,
    refuse: ({ inner }, uses) => (uses(inner) > 1 ? 'the inner one is read elsewhere' : undefined),
    replace: ({ x }) => [x],
  })
  const {
    graph: made,
    applied,
    refused,
  } = rewrite(graph({ once, twice: add(neg(shared), shared) }), [law])
  expect(applied).toEqual({ doubleNegation: 1 })
  expect(refused).toEqual([
    { rule: 'doubleNegation', at: '', because: 'the inner one is read elsewhere' },
  ])
  expect(made.outputs.once).toBe(x)
  expectWhole(made)
})
