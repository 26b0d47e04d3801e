/** Local functions: in the place of their calls, once for each, and none without an end. */

import { expect, it } from 'vitest'
import { readOnnx, withoutFunctions } from './index.ts'
import {
  attribute,
  bytesOf,
  int,
  names,
  node,
  opset,
  type Part,
  part,
  problem,
  text,
  value,
  x,
  y,
} from './parts.testing.ts'

const DOMAIN = 'here'

const call = (inputs: string[], outputs: string[], name: string, ...more: Part[]): Part =>
  node(inputs, outputs, name, text(7, DOMAIN), ...more)

const inside = (inputs: string[], outputs: string[], opType: string, ...more: Part[]): Part =>
  part(7, ...names(1, inputs), ...names(2, outputs), text(4, opType), ...more)

const define = (name: string, inputs: string[], outputs: string[], ...body: Part[]): Part =>
  part(25, text(1, name), ...names(4, inputs), ...names(5, outputs), ...body, text(10, DOMAIN))

const file = (functions: Part[], ...graph: Part[]): Uint8Array =>
  bytesOf(int(1, 8), part(7, ...graph), opset, ...functions)

const nodesOf = (bytes: Uint8Array): readonly string[] =>
  readOnnx(bytes, 'some.onnx').graph.nodes.map(
    ({ opType, inputs, outputs }) => `${opType} ${inputs.join(',')} > ${outputs.join(',')}`,
  )

const twice = define(
  'Twice',
  ['a'],
  ['c'],
  inside(['a'], ['b'], 'Relu'),
  inside(['b'], ['c'], 'Neg'),
)

it('stand where they are called, with names of their own for what is within', () => {
  const bytes = file([twice], call(['x'], ['m'], 'Twice'), call(['m'], ['y'], 'Twice'), x, y)
  const expected = ['Relu x > m/b', 'Neg m/b > m', 'Relu m > y/b', 'Neg y/b > y']
  expect(nodesOf(bytes)).toEqual(expected)
  expect(readOnnx(bytes, 'some.onnx').functions).toBe(1)
  const written = withoutFunctions(bytes, 'some.onnx')
  expect(nodesOf(written)).toEqual(expected)
  expect(readOnnx(written, 'some.onnx').functions).toBe(0)
})

it('call each other, leave out what is optional, and may give back what they take', () => {
  const outer = define(
    'Outer',
    ['a', 'rest'],
    ['a', 'd'],
    inside(['a'], ['d'], 'Twice', text(7, DOMAIN)),
    inside(['d', 'rest'], ['unused'], 'Clip'),
  )
  const bytes = file([outer, twice], call(['x'], ['same', 'y'], 'Outer'), x, y)
  expect(nodesOf(bytes)).toEqual([
    'Relu x > same/Twice/b',
    'Neg same/Twice/b > y',
    'Clip y, > same/unused',
    'Identity x > same',
  ])
})

it('take attributes from their call, or their defaults, also in graphs within nodes', () => {
  const reference = (own: string, of: string): Part =>
    attribute(text(1, own), text(21, of), int(20, 2))
  const branch = part(6, node(['a'], ['t']), value(12, 't'))
  const bytes = file(
    [
      define(
        'Sums',
        ['a', 'on'],
        ['c'],
        inside(['a'], ['b'], 'Flatten', reference('axis', 'given'), reference('other', 'missing')),
        inside(['b'], ['d'], 'Softmax', reference('axis', 'usual')),
        inside(['on'], ['c'], 'If', attribute(text(1, 'then_branch'), branch, int(20, 5))),
        part(11, text(1, 'usual'), int(3, 3), int(20, 2)),
      ),
    ],
    call(['x', 'x'], ['y'], 'Sums', attribute(text(1, 'given'), int(3, 2), int(20, 2))),
    x,
    y,
  )
  const [flatten, softmax, choice] = readOnnx(bytes, 'some.onnx').graph.nodes
  expect([...flatten.attributes]).toEqual([['axis', { kind: 'int', value: 2 }]])
  expect([...softmax.attributes]).toEqual([['axis', { kind: 'int', value: 3 }]])
  const then = choice.attributes.get('then_branch')
  expect(then?.kind === 'graph' && then.value.nodes[0]).toMatchObject({
    inputs: ['x'],
    outputs: ['y/t'],
  })
})

it('keep names apart that the file already has', () => {
  const taken = node(['x'], ['m/b'], 'Abs')
  const bytes = file(
    [twice],
    taken,
    call(['m/b'], ['m'], 'Twice'),
    node(['m'], ['y'], 'Relu'),
    x,
    y,
  )
  expect(nodesOf(bytes).slice(1, 3)).toEqual(['Relu m/b > m/b#2', 'Neg m/b#2 > m'])
})

it.each<[string, Uint8Array, string]>([
  [
    'themselves',
    file(
      [
        define('A', ['a'], ['b'], inside(['a'], ['b'], 'B', text(7, DOMAIN))),
        define('B', ['a'], ['b'], inside(['a'], ['b'], 'A', text(7, DOMAIN))),
      ],
      call(['x'], ['y'], 'A'),
      x,
      y,
    ),
    'functions that do not call themselves, got one that does',
  ],
  ['twice defined', file([twice, twice], call(['x'], ['y'], 'Twice'), x, y), 'each function once'],
  [
    'more nodes than may be',
    file(
      Array.from({ length: 40 }, (_, i) =>
        define(
          `F${i}`,
          ['a'],
          ['c'],
          inside(['a'], ['b'], `F${i + 1}`, text(7, DOMAIN)),
          inside(['b'], ['c'], `F${i + 1}`, text(7, DOMAIN)),
        ),
      ),
      call(['x'], ['y'], 'F0'),
      x,
      y,
    ),
    'at most 100000 nodes, got more',
  ],
  [
    'what they are not given',
    file(
      [define('A', ['a'], ['b'], inside(['outside'], ['b'], 'Relu'))],
      call(['x'], ['y'], 'A'),
      node(['x'], ['outside'], 'Relu'),
      x,
      y,
    ),
    'inputs that the graph is given or makes',
  ],
])('are refused when they are or take %s', (_, bytes, expected) => {
  expect(problem(bytes).message).toContain(expected)
})
