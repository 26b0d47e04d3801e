/** Reverse mode: with respect to what, how terms add up, where it stops, and what it refuses. */

import { describe, expect, it } from 'vitest'
import { referenceEngine } from '../engines/reference/engine.ts'
import { formatShape, GraphError } from '../errors/index.ts'
import { graph, input, printGraph, scope, type Value } from '../graph/index.ts'
import {
  add,
  batchNormalization,
  cast,
  greater,
  maxPool,
  mul,
  oneHot,
  power,
  reduceSum,
  relu,
  split,
  stopGradient,
} from '../ops/index.ts'
import { gradients } from './index.ts'

const x = input('x', [3])
const w = input('w', [3])
const s = input('s', [])
const images = input('images', [4, 3])
const FEEDS = { x: [-1, 2, 3], w: [4, 5, -6], s: [2], images: [1, 5, 2, 8, 0, 3, 4, 4, 7, 2, 6, 9] }
const SHAPES = { x: [3], w: [3], s: [], images: [4, 3] }

/** The values for these inputs, no zero negative. */
const evaluate = async (...values: readonly Value[]): Promise<number[][]> => {
  const made = graph(Object.fromEntries(values.entries()))
  const compiled = await referenceEngine.compile(made)
  const outputs = await compiled.run(
    Object.fromEntries(
      Object.entries(FEEDS).map(([name, data]) => [
        name,
        { shape: SHAPES[name as keyof typeof SHAPES], data: Float64Array.from(data) },
      ]),
    ),
  )
  return values.map((_, i) => Array.from(outputs[i].data, value => value + 0))
}

const loss = reduceSum(mul(x, w))

describe('with respect to', () => {
  const hidden = relu(mul(x, w))
  const squared = reduceSum(mul(hidden, hidden))
  const [first, second] = split(x, [1, 2], 0)

  it.each<readonly [string, Value, readonly Value[], readonly (readonly number[])[]]>([
    ['inputs, in the order asked for', loss, [w, x], [FEEDS.x, FEEDS.w]],
    ['a value twice', loss, [x, x], [FEEDS.w, FEEDS.w]],
    ['the result itself', loss, [loss], [[1]]],
    ['an inner activation', squared, [hidden], [[0, 20, 0]]],
    [
      'an inner activation and what it came from',
      squared,
      [hidden, x],
      [
        [0, 20, 0],
        [0, 100, 0],
      ],
    ],
    ['one output of several', reduceSum(mul(second, second)), [second, first], [[4, 6], [0]]],
    ['an input of which one part is used', reduceSum(mul(second, second)), [x], [[0, 4, 6]]],
    [
      'values that the result does not depend on',
      mul(s, s),
      [s, x, w],
      [[4], [0, 0, 0], [0, 0, 0]],
    ],
    ['a value made from the result', mul(s, s), [mul(mul(s, s), 3)], [[0]]],
    ['a scalar that was broadcast', reduceSum(mul(s, x)), [s], [[4]]],
    ['a power, twice', gradients(power(s, 3), [s])[0], [s], [[12]]],
  ])('%s', async (_, of, withRespectTo, wanted) => {
    const found = gradients(of, withRespectTo)
    expect(found.map(({ shape }) => shape)).toEqual(withRespectTo.map(({ shape }) => shape))
    expect(await evaluate(...found)).toEqual(wanted)
  })

  it('a vector, given its cotangent', async () => {
    expect(await evaluate(...gradients(mul(x, x), [x], w))).toEqual([[-8, 20, -36]])
  })
})

describe('accumulation', () => {
  it('sums over all uses of a value', async () => {
    const used = add(add(mul(x, w), x), mul(x, x))
    expect(await evaluate(...gradients(reduceSum(used), [x]))).toEqual([[3, 10, 1]])
  })

  // (1 + 1e16) − 1e16 is 0 in float64, (1e16 − 1e16) + 1 is 1: the order shows in the result.
  it.each([
    [[1, 1e16, -1e16], 1],
    [[1e16, 1, -1e16], 0],
    [[-1e16, 1, 1e16], 0],
    [[1, -1e16, 1e16], 1],
  ])('adds the terms of uses %j from the last to the first', async (factors, sum) => {
    const uses = factors.map(factor => mul(s, factor)).reduce((total, use) => add(total, use))
    expect(await evaluate(...gradients(uses, [s]))).toEqual([[sum]])
  })

  it('builds the same graph every time', () => {
    const build = (): string => {
      const h = scope('layer1', () => relu(mul(s, s)))
      const y = add(mul(h, s), h)
      const [ds, dh] = gradients(y, [s, h])
      return printGraph(graph({ ds, dh }))
    }
    expect(build()).toBe(build())
    expect(build()).toMatchInlineSnapshot(`
      "input s []
      %1 [] = constant()  dtype="float32" shape=[] data=[1]
      %2 [] = mul(s, s)  layer1
      %3 [] = relu(%2)  layer1
      %4 [] = mul(%1, %3)  gradient
      %5 [] = mul(%1, s)  gradient
      %6 [] = add(%1, %5)
      %7 [] = reluGradient(%3, %6)  gradient.layer1
      %8 [] = mul(%7, s)  gradient.layer1
      %9 [] = add(%4, %8)
      %10 [] = mul(%7, s)  gradient.layer1
      %11 [] = add(%9, %10)
      output ds = %11
      output dh = %6"
    `)
  })
})

describe('where it stops', () => {
  const masked = mul(x, cast(greater(x, 0)))
  const labels = input('labels', [3], 'int32')

  it.each<readonly [string, Value, readonly number[]]>([
    ['stopGradient', mul(stopGradient(x), w), [0, 0, 0]],
    ['stopGradient on one of two ways', mul(stopGradient(x), x), FEEDS.x],
    ['a comparison', masked, [0, 1, 1]],
  ])('%s', async (_, y, wanted) => {
    expect(await evaluate(...gradients(reduceSum(y), [x]))).toEqual([wanted])
  })

  it('at the statistics of a batch, but not at its normalized values', async () => {
    const { output, mean, variance } = batchNormalization(images, x, w)
    const statistics = reduceSum(add(mul(mean, mean), variance))
    expect(await evaluate(...gradients(statistics, [images]))).toEqual([new Array(12).fill(0)])
    const squares = reduceSum(mul(output, output))
    const [[...flowing]] = await evaluate(...gradients(squares, [images]))
    expect(flowing.every(value => value !== 0)).toBe(true)
  })

  it('at int labels, whose gradient is zeros', async () => {
    const [gradient] = gradients(reduceSum(oneHot(labels, 5)), [labels])
    expect(gradient).toMatchObject({ dtype: 'float32', shape: [3] })
    expect(await evaluate(gradient)).toEqual([[0, 0, 0]])
  })

  it('does not differentiate what lies before the values asked for', () => {
    const images = input('images', [1, 1, 4, 4])
    const [gradient] = gradients(reduceSum(maxPool(images, { kernel: 2 })), [images])
    const total = reduceSum(mul(gradient, gradient))
    expect(() => gradients(total, [images])).toThrow('maxPoolGradient: expected a first derivative')
    expect(() => gradients(total, [gradient])).not.toThrow()
  })

  it('reuses values of the forward graph rather than computing them again', () => {
    const y = scope('act', () => relu(x))
    const { nodes } = graph({ dx: gradients(reduceSum(y), [x])[0] })
    expect(nodes.filter(({ op }) => op === 'relu')).toEqual([y.node])
  })
})

it('puts what it makes under gradient and the path of what is differentiated', () => {
  const y = scope('layer1', () => scope('0', () => relu(x)))
  const { nodes } = graph({ dx: gradients(reduceSum(y), [x])[0] })
  expect(nodes.map(({ op, path }) => `${op} ${path}`.trim())).toEqual([
    'relu layer1.0',
    'constant',
    'reshape gradient',
    'expand gradient',
    'reluGradient gradient.layer1.0',
  ])
})

describe('what it refuses', () => {
  it('a result that is no scalar', () => {
    expect(() => gradients(mul(x, 2), [x])).toThrow(
      expect.objectContaining({
        code: 'graph',
        message:
          'gradients: expected a scalar, got [3]. Reduce it first, or give a cotangent of its shape',
      }),
    )
  })

  it('a cotangent of another shape', () => {
    expect(() => gradients(mul(x, 2), [x], images)).toThrow(
      new GraphError({
        where: 'gradients',
        expected: 'a cotangent of shape [3]',
        got: formatShape(images.shape),
      }),
    )
  })
})
