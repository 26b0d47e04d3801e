/** Models with several inputs: which takes the image, what the others are given, and what is refused. */

import { describe, expect, it } from 'vitest'
import { pixelDataset } from '../data/dataset.ts'
import { readOnnx } from '../onnx/read/index.ts'
import {
  float32,
  int,
  model,
  node,
  type Part,
  part,
  raw,
  tensor,
  text,
  value,
} from '../onnx/read/parts.testing.ts'
import { half, halfBits } from '../tensor/float16.ts'
import { findBlocks } from './blocks.ts'
import { foreignGates } from './gates.ts'
import { fed, feedsOf } from './inputs.ts'
import { openNetwork } from './network.ts'
import { preprocessingOf, type Wanted } from './preprocessing.ts'

const [FLOAT, INT64] = [1, 7]
const dims = (sizes: readonly (number | string)[]): Part[] =>
  sizes.map(size => part(1, typeof size === 'number' ? int(1, size) : text(2, size)))
const input = (name: string, type: number, ...sizes: (number | string)[]): Part =>
  value(11, name, part(2, part(1, int(1, type), part(2, ...dims(sizes)))))
const ones = (name: string, ...sizes: number[]): Part =>
  tensor(
    name,
    ...sizes.map(size => int(1, size)),
    float32,
    raw(9, ...new Uint8Array(Float32Array.from({ length: 3 }, () => 1).buffer)),
  )

/** u = x · scale + shift; gates σ(relu(Σ_c mean u_c)) for each of three channels. */
const scaled = (...inputs: Part[]): Uint8Array =>
  model(
    text(2, 'scaled'),
    node(['shift'], ['s'], 'Cast', part(5, text(1, 'to'), int(3, FLOAT), int(20, 2))),
    node(['x', 'scale'], ['m'], 'Mul'),
    node(['m', 's'], ['u'], 'Add'),
    node(['u'], ['z'], 'GlobalAveragePool'),
    node(['z', 'a'], ['h'], 'Conv'),
    node(['h'], ['r'], 'Relu'),
    node(['r', 'b'], ['v'], 'Conv'),
    node(['v'], ['g'], 'Sigmoid'),
    node(['u', 'g'], ['y'], 'Mul'),
    ...inputs,
    value(12, 'y'),
    ones('a', 1, 3, 1, 1),
    ones('b', 3, 1, 1, 1),
  )

const IMAGE = input('x', FLOAT, 'N', 3, 4, 4)
const SCALE = input('scale', FLOAT, 'N', 1, 1, 1)
const SHIFT = input('shift', INT64, 1)
const bytes = scaled(IMAGE, SCALE, SHIFT)
const file = readOnnx(bytes, 'scaled.onnx')
const feeds = (...given: [string, number[]][]): Wanted => ({ feeds: new Map(given) })

it('are given to the model as they are written, whatever the batch', async () => {
  const blocks = findBlocks(openNetwork(file))
  const white = pixelDataset({
    name: 'white',
    split: 'test',
    classes: ['a'],
    shape: [3, 4, 4],
    labels: Int32Array.of(0, 0, 0),
    read: () => new Uint8Array(48).fill(255),
  })
  const wanted = { mean: [0], std: [1], ...feeds(['scale', [0.25]], ['shift', [-1]]) }
  const one = preprocessingOf(file, 'scaled.onnx', wanted)
  const options = { file: 'scaled.onnx', batch: 2, seconds: 60, memory: 4e9, threads: 1 }
  const gate = async (scale: number, shift: number): Promise<number> => {
    const own = preprocessingOf(file, 'scaled.onnx', {
      ...wanted,
      ...feeds(['scale', [scale]], ['shift', [shift]]),
    })
    const [block] = await foreignGates(bytes, file, blocks, white, own, options)
    return block.mean[0]
  }
  expect(one.feeds.map(({ name, batched }) => [name, batched])).toEqual([
    ['scale', true],
    ['shift', false],
  ])
  expect(await gate(0.25, 0)).toBeCloseTo(1 / (1 + Math.exp(-0.75)), 5)
  expect(await gate(0.5, 1)).toBeCloseTo(1 / (1 + Math.exp(-4.5)), 5)
})

describe('what is refused says what is missing', () => {
  const twice = readOnnx(
    model(
      text(2, 'twice'),
      node(['left', 'right'], ['y'], 'Add'),
      input('left', FLOAT, 1, 3, 4, 4),
      input('right', FLOAT, 1, 3, 4, 4),
      value(12, 'y'),
    ),
    'twice.onnx',
  )
  const cases: readonly [string, typeof file, Wanted, string][] = [
    ['no value', file, feeds(), 'got none for scale: float32 [N, 1, 1, 1]; shift: int64 [1]'],
    ['one value of two', file, feeds(['scale', [1]]), 'got none for shift: int64 [1]'],
    ['an unknown name', file, feeds(['scal', [1]]), 'got scal. Did you mean scale?'],
    ['too many', file, feeds(['scale', [1]], ['shift', [1, 2]]), 'expected 1 number, got 2'],
    [
      'two images',
      twice,
      {},
      'the one that is meant named by `input`, got left: float32 [1, 3, 4, 4]; right',
    ],
    [
      'an unknown input',
      twice,
      { input: 'lefd' },
      'expected one of left, right, got lefd. Did you mean left?',
    ],
    ['an input that is no image', file, { input: 'scale' }, 'of 1 or 3 channels'],
    ['nothing but a number', file, feeds(['x', [0]]), 'of 1 or 3 channels'],
  ]
  it.each(cases)('%s', (_, model, wanted, message) => {
    expect(() => preprocessingOf(model, 'some.onnx', wanted)).toThrow(message)
  })

  it('the other of two images may be fed', () => {
    const wanted: Wanted = { input: 'right', ...feeds(['left', [0.5]]) }
    const one = preprocessingOf(twice, 'twice.onnx', wanted)
    expect(one).toMatchObject({ input: 'right', channels: 3 })
    expect(fed(one.feeds[0], 1)).toMatchObject({ dtype: 'float32', shape: [1, 3, 4, 4] })
    expect(one.feeds[0].values).toHaveLength(48)
  })
})

it('numbers are of the type and shape that the file says, free sizes of what is given', () => {
  const kinds = readOnnx(
    model(
      text(2, 'kinds'),
      node(['x'], ['y']),
      IMAGE,
      input('list', INT64, 'N', 'K'),
      input('flag', 9, 1),
      input('half', 10, 2),
      input('words', 8, 1),
      value(12, 'y'),
    ),
    'kinds.onnx',
  )
  const given = new Map([
    ['list', [1, 2, 3]],
    ['flag', [5]],
    ['half', [1, -2]],
  ])
  expect(() => feedsOf(kinds, 'x', new Map([...given, ['words', [1]]]), 'kinds.onnx')).toThrow(
    'got words: string [1]',
  )
  const graph = { ...kinds.graph, inputs: kinds.graph.inputs.slice(0, 4) }
  const [list, flag, bits] = feedsOf({ ...kinds, graph }, 'x', given, 'kinds.onnx')
  expect(fed(list, 2)).toEqual({
    dtype: 'int64',
    shape: [2, 3],
    data: BigInt64Array.of(1n, 2n, 3n, 1n, 2n, 3n),
  })
  expect(fed(flag, 2).data).toEqual(Uint8Array.of(1))
  expect(fed(bits, 2).data).toEqual(Uint16Array.of(0x3c00, 0xc000))
})

it('halves are next to the number, and come back as they were', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const number = half(bits)
    if (!Number.isNaN(number)) expect(halfBits(number)).toBe(bits)
  }
  expect(Number.isNaN(half(halfBits(Number.NaN)))).toBe(true)
  // Between 1 and 1 + 2⁻¹⁰: to the even one at the middle.
  expect([1 + 2 ** -11, 1 + 2 ** -11 + 2 ** -20, 1 + 3 * 2 ** -11].map(halfBits)).toEqual([
    0x3c00, 0x3c01, 0x3c02,
  ])
  expect([65519, 65520, -1e9, 2 ** -25, 2 ** -24].map(halfBits)).toEqual([
    0x7bff, 0x7c00, 0xfc00, 0, 1,
  ])
})
