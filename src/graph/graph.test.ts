/** Graphs: what they collect, in which order, under which paths, and how they print. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, batchNormalization, constant, gather, mul, neg, relu, sigmoid } from '../ops/index.ts'
import { currentPath, graph, input, printGraph, scope, type Value } from './index.ts'

const x = input('x', [2, 3])
const opsOf = (...values: readonly Value[]): readonly string[] =>
  graph(Object.fromEntries(values.entries())).nodes.map(({ op }) => op)

describe('order', () => {
  it('is that of first use, operands from left to right', () => {
    const diamond = relu(x)
    const [left, right] = [sigmoid(diamond), neg(diamond)]
    expect(opsOf(add(left, right))).toEqual(['relu', 'sigmoid', 'neg', 'add'])
    expect(opsOf(add(right, left))).toEqual(['relu', 'neg', 'sigmoid', 'add'])
    expect(opsOf(left, add(right, left))).toEqual(['relu', 'sigmoid', 'neg', 'add'])
  })

  it('puts producers before consumers, each node once, whatever the graph', () => {
    const wirings = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(wirings, wiring => {
        const values: Value[] = [x]
        for (const [a, b] of wiring)
          values.push(add(values[a % values.length], values[b % values.length]))
        const { nodes } = graph({ y: values[values.length - 1], z: values[values.length >> 1] })
        const known = new Set<Value>([x])
        for (const { inputs, outputs } of nodes) {
          expect(inputs.every(value => known.has(value))).toBe(true)
          for (const output of outputs) known.add(output)
        }
        expect(new Set(nodes).size).toBe(nodes.length)
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  it('holds for a graph deeper than a call stack', () => {
    let y: Value = x
    for (let i = 0; i < 50_000; i++) y = neg(y)
    expect(graph({ y }).nodes).toHaveLength(50_000)
  })
})

describe('what a graph collects', () => {
  it('leaves out nodes and inputs that no output needs', () => {
    const unused = mul(input('unused', [3]), x)
    const used = relu(x)
    neg(used)
    expect(graph({ used })).toMatchObject({ inputs: [x], nodes: [used.node] })
    expect(unused.node?.outputs).toEqual([unused])
  })

  it('keeps a node of which only one output is used', () => {
    const scale = input('scale', [3])
    const { variance } = batchNormalization(x, scale, scale)
    expect(graph({ variance }).nodes).toEqual([variance.node])
    expect(variance.index).toBe(2)
  })

  it('lists an input once, at its first use, also when it is an output itself', () => {
    const [a, b] = [input('a', [1]), input('b', [1])]
    expect(graph({ y: add(mul(b, a), b) }).inputs).toEqual([b, a])
    expect(graph({ a, y: mul(b, a) })).toMatchObject({ inputs: [a, b], outputs: { a } })
  })

  it('refuses two inputs of one name', () => {
    expect(() => graph({ y: add(x, input('x', [2, 3])) })).toThrow(
      expect.objectContaining({
        code: 'graph',
        message:
          'input x: expected one input of this name, got two. Make the input once and use the same value everywhere',
      }),
    )
  })
})

describe('paths', () => {
  it('of nodes are the scopes around their making, not around their use', () => {
    const hidden = scope('layer1', () => scope('0', () => relu(x)))
    const y = scope('fc', () => add(hidden, 1))
    expect(graph({ y }).nodes.map(({ op, path }) => [op, path])).toEqual([
      ['relu', 'layer1.0'],
      ['constant', 'fc'],
      ['add', 'fc'],
    ])
    expect(relu(x).node?.path).toBe('')
  })

  it('are left again, by a result or by an error', () => {
    expect(scope('a', () => scope('b', currentPath))).toBe('a.b')
    expect(() => scope('a', () => scope('b', () => add(x, input('y', [5]))))).toThrow('a.b (add)')
    expect(currentPath()).toBe('')
  })
})

it('prints one line a node, with types, attributes and paths', () => {
  const labels = input('labels', [2], 'int32')
  const y = scope('layer1.0', () => gather(relu(x), labels, 1))
  const { output, mean } = scope('bn', () =>
    batchNormalization(y, constant([1, 2]), input('bias', [2])),
  )
  expect(printGraph(graph({ output, mean, x }))).toMatchInlineSnapshot(`
    "input x [2, 3]
    input labels int32[2]
    input bias [2]
    %3 [2, 3] = relu(x)  layer1.0
    %4 [2, 2] = gather(%3, labels)  axis=1  layer1.0
    %5 [2] = constant()  dtype="float32" shape=[2] data=[1,2]  bn
    %6 [2, 2], %7 [2], %8 [2] = batchNormalization(%4, %5, bias)  epsilon=0.00001  bn
    output output = %6
    output mean = %7
    output x = x"
  `)
})
