/**
 * Our readers beside those of the formats' own projects, on files with damage: what both take has the
 * same values, and what others refuse is refused here too, but for the reasons below. Recorded by
 * test/parity/record/record_readers.py.
 */

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openImage, readImage } from '../../src/data/decode/openImage.ts'
import { ExciteError } from '../../src/errors/index.ts'
import { numbersOf, readOnnx } from '../../src/onnx/read/index.ts'
import { readWeights } from '../../src/weights/readWeights.ts'

/** By name: shape, and the elements in base64. */
type Values = Readonly<Record<string, readonly [shape: readonly number[], data: string]>>

/** A place, how many bytes are taken out there, and which are put in. */
type Change = readonly [at: number, taken: number, given: string]

interface Recording {
  readonly sample: string
  readonly cases: readonly (readonly [changes: readonly Change[], answer: Values | string])[]
}

const recorded = JSON.parse(
  gunzipSync(
    readFileSync(new URL('../parity/fixtures/readers.json.gz', import.meta.url)),
  ).toString(),
) as Readonly<Record<string, Recording>>

const changed = (sample: string, changes: readonly Change[]): Buffer =>
  changes.reduce<Buffer>(
    (bytes, [at, taken, given]) =>
      Buffer.concat([bytes.subarray(0, at), Buffer.from(given, 'hex'), bytes.subarray(at + taken)]),
    Buffer.from(sample, 'base64'),
  )

type Read = (bytes: Buffer) => Values | Promise<Values>

const values = (shape: readonly number[], data: ArrayBufferView): Values[string] => [
  shape,
  Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
]

const weights: Read = bytes =>
  Object.fromEntries(
    [...readWeights(bytes, 'file').entries].map(([name, { shape, read }]) => [
      name,
      values(shape, read()),
    ]),
  )

const initializers: Read = bytes =>
  Object.fromEntries(
    [...readOnnx(bytes, 'file').graph.initializers].map(([name, tensor]) => [
      name,
      values(tensor.dims, Float32Array.from(numbersOf(tensor) ?? [])),
    ]),
  )

/** Pixels, interleaved as others have them. */
const pixels: Read = async bytes => {
  const { width, height, close } = await openImage(bytes)
  close?.()
  const planes = await readImage(bytes, [3, height, width])
  const size = width * height
  const data = Uint8Array.from(planes, (_, i) => planes[(i % 3) * size + Math.floor(i / 3)])
  return { pixels: values([height, width, 3], data) }
}

interface Format {
  readonly read: Read
  /** How far elements may be apart. */
  readonly apart?: number
  /** Files that we read and others refuse, with the reason: numbers of cases. */
  readonly taken?: Differences
  /** Files in which others find other values. */
  readonly other?: Differences
}

type Differences = Readonly<Record<string, readonly number[]>>

const FORMATS: Readonly<Record<string, Format>> = {
  safetensors: { read: weights },
  zip: {
    read: weights,
    taken: {
      'the entry version is damaged, which says nothing of the tensors': [
        50, 92, 124, 202, 206, 282,
      ],
      'the directory’s size or the number of a disk is, neither of which is used': [
        56, 100, 131, 184, 259,
      ],
    },
    other: { 'PyTorch 1.13 gives memory that it never wrote, we what was saved': [179] },
  },
  legacy: {
    read: weights,
    taken: {
      'an argument is missing that no tensor needs': [28],
      'the empty dict of hooks has another class, of which we make an inert mark': [115, 247],
    },
  },
  onnx: {
    read: initializers,
    taken: {
      'operators and attributes that nobody knows are judged where they are used, not by the reader':
        [18, 60, 65, 77, 102, 165, 186, 206, 257, 265, 274, 283, 295],
      'so is what an operator needs of its inputs and attributes': [145, 242],
      'a value without a type or a shape is one that is not known': [38, 90, 173],
    },
  },
  png: { read: pixels },
  jpeg: { read: pixels, apart: 2, taken: { 'the damage is behind the last pixel': [249] } },
}

const numbersIn = (differences: Differences): number[] =>
  Object.values(differences)
    .flat()
    .sort((a, b) => a - b)

/** What an element of two recordings differs in, at most; NaN is as good as NaN. */
const distance = (format: string, [, a]: Values[string], [, b]: Values[string]): number => {
  const numbers = (text: string): ArrayLike<number> => {
    const bytes = new Uint8Array(Buffer.from(text, 'base64'))
    return format === 'png' || format === 'jpeg' ? bytes : new Float32Array(bytes.buffer)
  }
  const [left, right] = [numbers(a), numbers(b)]
  if (left.length !== right.length) return Number.POSITIVE_INFINITY
  let most = 0
  for (let i = 0; i < left.length; i++)
    if (!Object.is(left[i] + 0, right[i] + 0)) {
      const between = Math.abs(left[i] - right[i])
      most = Math.max(most, Number.isNaN(between) ? Number.POSITIVE_INFINITY : between)
    }
  return most
}

const isAlike = (format: string, ours: Values, theirs: Values, apart: number): boolean =>
  JSON.stringify(Object.keys(ours).sort()) === JSON.stringify(Object.keys(theirs).sort()) &&
  Object.entries(ours).every(
    ([name, one]) =>
      JSON.stringify(one[0]) === JSON.stringify(theirs[name][0]) &&
      distance(format, one, theirs[name]) <= apart,
  )

describe.each(Object.entries(FORMATS))(
  '%s',
  (format, { read, apart = 0, taken = {}, other = {} }) => {
    it('is read as the format’s own reader does, or refused', async () => {
      const { sample, cases } = recorded[format]
      const [others, ours]: number[][] = [[], []]
      for (const [i, [changes, theirs]] of cases.entries()) {
        const found = await Promise.resolve()
          .then(() => read(changed(sample, changes)))
          .catch((error: unknown) => {
            if (!(error instanceof ExciteError)) throw error
          })
        if (found === undefined) continue
        if (typeof theirs === 'string') ours.push(i)
        else if (!isAlike(format, found, theirs, apart)) others.push(i)
      }
      expect(others, 'other values').toEqual(numbersIn(other))
      expect(ours, 'read here alone').toEqual(numbersIn(taken))
    })
  },
)
