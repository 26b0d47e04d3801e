/** The strict reader: what a good file becomes, limits, mutations. */

import { describe, expect, it } from 'vitest'
import { ExciteError } from '../../errors/index.ts'
import { encodeModel } from '../encode.ts'
import { intsOf, LIMITS, type Limits, numbersOf, readOnnx } from './index.ts'
import {
  attribute,
  bytesOf,
  float32,
  good,
  int,
  model,
  mutated,
  node,
  ones,
  opset,
  type Part,
  part,
  problem,
  raw,
  relu,
  text,
  two,
  value,
  withAttribute,
  withTensor,
  x,
  y,
} from './parts.testing.ts'

describe('a good file', () => {
  it('becomes plain data, its tensors views of the bytes', () => {
    const { graph, opsets, irVersion } = readOnnx(good, 'good.onnx')
    expect([irVersion, opsets.get('')]).toEqual([8, 17])
    expect(graph.inputs).toEqual([{ name: 'x', dtype: 'float32', shape: ['N', 3] }])
    expect(graph.nodes[0]).toMatchObject({ opType: 'Add', inputs: ['x', 'w'], outputs: ['y'] })
    const w = graph.initializers.get('w')
    expect(w && numbersOf(w)).toEqual([1, 1])
    expect(w?.pieces[0].buffer).toBe(good.buffer)
  })

  it('is read back as we write it', () => {
    const { graph, metadata } = readOnnx(
      encodeModel({
        opset: 17,
        metadata: { classes: '["a"]' },
        graph: {
          name: 'g',
          nodes: [
            {
              opType: 'Clip',
              name: 'clip',
              inputs: ['x', '', 'high'],
              outputs: ['y'],
              attributes: { axes: [-1, 2], alpha: { float: 0.5 }, mode: 'same', n: -3 },
            },
          ],
          initializers: [
            { name: 'high', dtype: 'int64', dims: [2], data: BigInt64Array.of(-5n, 6n) },
          ],
          inputs: [{ name: 'x', dtype: 'float32', shape: ['N', 4] }],
          outputs: [{ name: 'y', dtype: 'float32', shape: ['N', 4] }],
        },
      }),
      'own.onnx',
    )
    expect(metadata.get('classes')).toBe('["a"]')
    const [clip] = graph.nodes
    expect(clip.inputs).toEqual(['x', '', 'high'])
    expect(intsOf(clip, 'axes')).toEqual([-1, 2])
    expect(clip.attributes.get('alpha')).toEqual({ kind: 'float', value: 0.5 })
    expect(clip.attributes.get('n')).toEqual({ kind: 'int', value: -3 })
    const high = graph.initializers.get('high')
    expect(high && numbersOf(high)).toEqual([-5, 6])
  })

  it('may hold numbers in every field that ONNX has for them', () => {
    const numbers = (...parts: Part[]) => {
      const w = readOnnx(withTensor(...parts), 'w.onnx').graph.initializers.get('w')
      return w && numbersOf(w)
    }
    expect(numbers(two, float32, raw(4, ...ones))).toEqual([1, 1])
    expect(numbers(two, int(2, 7), int(7, 3), int(7, -3))).toEqual([3, -3])
    expect(numbers(two, int(2, 6), raw(5, 3, 0x80, 2))).toEqual([3, 256])
    expect(numbers(two, int(2, 10), raw(9, 0, 0x3c, 0, 0xc0))).toEqual([1, -2])
    expect(numbers(two, int(2, 10), raw(5, 0x80, 0x78, 0x80, 0x80, 3))).toEqual([1, -2])
    expect(numbers(int(1, 1), int(2, 11), raw(9, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f))).toEqual([1])
    expect(numbers(int(1, 0), int(1, 2 ** 20), float32, raw(9))).toEqual([])
  })

  it('may have fields of a later version of the format', () => {
    const later = bytesOf(int(1, 8), part(26, text(1, 'devices')), part(7, relu, x, y), opset)
    expect(readOnnx(later, 'later.onnx').graph.nodes).toHaveLength(1)
  })

  it('may have names that JavaScript has a meaning for', () => {
    const odd = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '../x', 'a\0b']
    const { graph, metadata } = readOnnx(
      bytesOf(
        int(1, 8),
        part(
          7,
          ...odd.map((name, i) => node([i === 0 ? 'x' : odd[i - 1]], [name])),
          x,
          value(12, 'a\0b'),
          value(13, '__proto__'),
        ),
        opset,
        part(14, text(1, '__proto__'), text(2, 'polluted')),
      ),
      'odd.onnx',
    )
    expect(graph.nodes.map(({ outputs }) => outputs[0])).toEqual(odd)
    expect(metadata.get('__proto__')).toBe('polluted')
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
    expect('polluted' in {}).toBe(false)
  })
})

describe('limits', () => {
  /** Just below, at, and just above: what is above is refused by name. */
  const around = (
    make: (size: number) => Uint8Array,
    most: number,
    refusal: string,
    limits: Limits = LIMITS,
  ): void => {
    for (const size of [most - 1, most]) readOnnx(make(size), 'large.onnx', limits)
    expect(problem(make(most + 1), limits).message).toContain(refusal)
  }

  it('of nodes', () =>
    around(
      count =>
        model(pbf => {
          for (let i = 0; i < count; i++) part(1, text(4, 'Nop'))(pbf)
        }),
      LIMITS.nodes,
      'at most 100000 nodes',
    ))

  it('of messages in messages', () => {
    // Each graph in an attribute of a node is three messages deeper than the last; a shape, four.
    const nested = (depth: number): Uint8Array => {
      const more = [[], [part(11, text(1, 'i'))], [part(11, text(1, 'i'), part(2))]]
      let inner: Part[] = more[(depth - 2) % 3]
      for (let left = depth - 2; left >= 3; left -= 3)
        inner = [part(1, text(4, 'If'), attribute(text(1, 'a'), part(6, ...inner), int(20, 5)))]
      return model(...inner)
    }
    around(nested, LIMITS.depth, 'messages at most 100 deep')
  })

  it('of entries of lists', () =>
    around(
      count =>
        model(
          part(
            1,
            text(4, 'Nop'),
            attribute(text(1, 'a'), raw(8, ...new Array(count - 2).fill(1)), int(20, 7)),
          ),
        ),
      500,
      'at most 500 entries of lists',
      { ...LIMITS, entries: 500 },
    ))

  it('of elements', () => {
    const declared = (elements: number): string =>
      problem(withTensor(int(1, elements), int(2, 2))).message
    // No file here has two gigabytes: at the limit, it is the bytes that are missed.
    expect(declared(LIMITS.elements - 1)).toContain('2147483646 numbers')
    expect(declared(LIMITS.elements)).toContain('2147483647 numbers')
    expect(declared(LIMITS.elements + 1)).toContain('dimensions from 0 to 2147483647')
  })

  it('of the file', () => {
    const limit = (bytes: number): Limits => ({ ...LIMITS, bytes })
    for (const bytes of [good.length + 1, good.length]) readOnnx(good, 'x.onnx', limit(bytes))
    expect(problem(good, limit(good.length - 1)).message).toContain('at most')
  })
})

it('five thousand mutated files are read or refused, none in another way', () => {
  const branch = part(6, node(['x'], ['z'], 'Clip', attribute(text(1, 'min'), int(20, 1))))
  const seeds = [
    good,
    withTensor(two, int(2, 7), raw(7, 1, 2)),
    withAttribute(text(1, 'body'), branch, int(20, 5)),
    withAttribute(text(1, 'axes'), int(8, -1), int(8, 2), int(20, 7)),
  ]
  for (const seed of seeds) readOnnx(seed, 'seed.onnx')
  const counts = { read: 0, refused: 0 }
  let slowest = 0
  for (let seed = 0; seed < 5000; seed++) {
    const start = performance.now()
    try {
      const { graph } = readOnnx(mutated(seeds[seed % seeds.length], seed), 'mutated.onnx')
      for (const tensor of graph.initializers.values()) numbersOf(tensor)
      counts.read++
    } catch (error) {
      expect(error, `seed ${seed}`).toBeInstanceOf(ExciteError)
      counts.refused++
    }
    slowest = Math.max(slowest, performance.now() - start)
  }
  expect(counts.read).toBeGreaterThan(100)
  expect(counts.refused).toBeGreaterThan(1000)
  expect(slowest).toBeLessThan(1000)
  expect(Object.keys(Object.prototype)).toEqual([])
})
