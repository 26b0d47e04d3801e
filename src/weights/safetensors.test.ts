/** safetensors: what is written is read again, and nothing but that is read. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Malformed, refuses } from '../../test/support/malformed.ts'
import { ExciteError, FileError } from '../errors/index.ts'
import { readSafetensors, type StoredTensor, writeSafetensors } from './safetensors.ts'

const TENSORS = new Map<string, StoredTensor>([
  ['flag', { dtype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ['weight', { dtype: 'F32', shape: [2, 2], data: Float32Array.of(1.5, -0, Infinity, 1e-40) }],
  ['scalar', { dtype: 'I64', shape: [], data: BigInt64Array.of(-(2n ** 62n)) }],
  ['double', { dtype: 'F64', shape: [1, 2], data: Float64Array.of(Math.PI, Number.MIN_VALUE) }],
  ['index', { dtype: 'I32', shape: [2], data: Int32Array.of(-1, 2 ** 31 - 1) }],
  ['bytes', { dtype: 'U8', shape: [1, 1, 1], data: Uint8Array.of(255) }],
  ['nothing', { dtype: 'F32', shape: [0, 7], data: new Float32Array() }],
  ['größe "1"\n', { dtype: 'U8', shape: [1], data: Uint8Array.of(2) }],
  ['__proto__', { dtype: 'U8', shape: [1], data: Uint8Array.of(3) }],
])
const METADATA = { format: 'pt', note: 'ü\n"' }

/** The header of a file, as it stands there. */
const headerOf = (bytes: Uint8Array): { text: string; length: number } => {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  return { length, text: new TextDecoder().decode(bytes.subarray(8, 8 + length)) }
}

/** A file of any header and as many bytes of data. */
const fileOf = (header: unknown, dataBytes: number): Uint8Array => {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, Buffer.alloc(dataBytes)])
}

describe('what is written', () => {
  const bytes = writeSafetensors(TENSORS, METADATA)

  it('is read again', () => {
    const { tensors, metadata } = readSafetensors(bytes, 'file')
    expect(metadata).toEqual(METADATA)
    expect(tensors).toEqual(TENSORS)
    expect(Object.is(tensors.get('weight')?.data[1], -0)).toBe(true)
  })

  it('is the same bytes when written again', () => {
    const { tensors, metadata } = readSafetensors(bytes, 'file')
    expect(writeSafetensors(tensors, metadata)).toEqual(bytes)
  })

  it('has every tensor at a multiple of its element size', () => {
    const { text, length } = headerOf(bytes)
    expect(length % 8).toBe(0)
    const { __metadata__: _, ...entries } = JSON.parse(text) as Record<
      string,
      { data_offsets: [number, number] }
    >
    for (const [name, { data_offsets: offsets }] of Object.entries(entries)) {
      const { BYTES_PER_ELEMENT: size = 1 } = TENSORS.get(name)?.data ?? {}
      expect(offsets[0] % size, name).toBe(0)
    }
  })

  it('is read from any place in a buffer, and does not depend on it later', () => {
    const larger = Buffer.concat([Buffer.of(1, 2, 3), bytes, Buffer.of(4)])
    const { tensors } = readSafetensors(larger.subarray(3, 3 + bytes.length), 'file')
    larger.fill(0)
    expect(tensors).toEqual(TENSORS)
  })

  it('takes the part of a buffer that a tensor is', () => {
    const data = Float32Array.of(9, 1, 2, 9).subarray(1, 3)
    const stored = writeSafetensors(new Map([['part', { dtype: 'F32', shape: [2], data }]]))
    expect(readSafetensors(stored, 'file').tensors.get('part')?.data).toEqual(Float32Array.of(1, 2))
  })

  it('may be nothing', () => {
    const { tensors, metadata } = readSafetensors(writeSafetensors(new Map()), 'file')
    expect([tensors.size, metadata]).toEqual([0, {}])
  })
})

it('reads the file of the format’s own description', () => {
  const bytes = fileOf('{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}', 16)
  expect(readSafetensors(bytes, 'file').tensors).toEqual(
    new Map([['test', { dtype: 'I32', shape: [2, 2], data: new Int32Array(4) }]]),
  )
})

it('widens half precision', () => {
  const words = {
    F16: [0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x0400, 0x8000, 0x7c00, 0xfc00, 0x3555],
    BF16: [0x3f80, 0xc000, 0x0000, 0x8000, 0x7f80, 0x4049],
  }
  const values = {
    F16: [1, -2, 65504, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, -0, Infinity, -Infinity, 1365 / 4096],
    BF16: [1, -2, 0, -0, Infinity, 3.140625],
  }
  for (const dtype of ['F16', 'BF16'] as const) {
    const count = words[dtype].length
    const file = fileOf(
      { half: { dtype, shape: [count], data_offsets: [0, 2 * count] } },
      2 * count,
    )
    file.set(new Uint8Array(Uint16Array.from(words[dtype]).buffer), file.length - 2 * count)
    const half = readSafetensors(file, 'file').tensors.get('half')
    expect(half).toEqual({ dtype: 'F32', shape: [count], data: Float32Array.from(values[dtype]) })
  }
  const nan = fileOf({ half: { dtype: 'F16', shape: [1], data_offsets: [0, 2] } }, 2)
  nan.set([0x01, 0x7e], nan.length - 2)
  expect(readSafetensors(nan, 'file').tensors.get('half')?.data[0]).toBeNaN()
})

const one = (change: object): object => ({
  a: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...change },
})
const two = (first: readonly [number, number], second: readonly [number, number]): object => ({
  a: { dtype: 'U8', shape: [first[1] - first[0]], data_offsets: first },
  b: { dtype: 'U8', shape: [second[1] - second[0]], data_offsets: second },
})
const length = (value: bigint): Uint8Array => {
  const bytes = Buffer.alloc(16)
  bytes.writeBigUInt64LE(value)
  return bytes
}

const bare = (header: string, dataBytes = 0): Uint8Array => fileOf(header, dataBytes)
const entry = (text: string): Uint8Array => bare(`{"a":${text}}`, 8)
const A = '"dtype":"F32","shape":[2],"data_offsets":[0,8]'
const DTYPES = 'tensor a of dtype F64, I64, F32, I32, F16, BF16, U8, BOOL, got'
const WHOLE = 'a shape of whole numbers for tensor a, got'
const OFFSETS = 'two offsets for tensor a, got'

const MALFORMED: Malformed = {
  'no bytes at all': [Uint8Array.of(), 'at least 8 bytes, got 0'],
  'half a length': [Uint8Array.of(1, 2, 3), 'at least 8 bytes, got 3'],
  'a length and nothing else': [length(2n).subarray(0, 8), '2 header bytes from offset 8, got 0'],
  'a header longer than the file': [length(9n), '9 header bytes from offset 8, got 8'],
  'a header longer than allowed': [
    length(2n ** 24n + 1n),
    'a header of at most 16777216 bytes at offset 0, got 16777217',
  ],
  'a header as long as allowed, of a file that is not': [
    length(2n ** 24n),
    '16777216 header bytes from offset 8, got 8',
  ],
  'a header longer than any number': [length(2n ** 64n - 1n), 'at offset 0, got 18446744073709'],
  'a big-endian length': [length(2n ** 56n * 8n), 'a header of at most 16777216 bytes'],

  'an empty header': [bare(''), 'a header of valid JSON, got Unexpected end'],
  'a header cut off': [bare('{"a":'), 'a header of valid JSON'],
  'a header that is no UTF-8': [
    Buffer.concat([length(3n).subarray(0, 8), Buffer.of(0x7b, 0xff, 0xfe)]),
    'a header of valid JSON, got The encoded data was not valid',
  ],
  'a header after a space': [bare(' {}'), 'from its first byte on, got 0x20'],
  'a header after a byte order mark': [bare('\ufeff{}'), 'from its first byte on, got 0xef'],
  'a list as header': [bare('[]'), 'a JSON object as header, from its first byte on, got 0x5b'],
  'null as header': [bare('null'), 'a JSON object as header'],
  'a number as header': [bare('12'), 'a JSON object as header'],
  'a text as header': [bare('"a"'), 'a JSON object as header'],
  'two headers': [bare('{}{}'), 'a header of valid JSON'],
  'text after the header': [bare('{} x'), 'a header of valid JSON'],
  'zeros after the header': [bare('{}\0\0'), 'a header of valid JSON'],
  'a comma too many': [bare(`{"a":{${A}},}`, 8), 'a header of valid JSON'],
  'a comment': [bare('{/* a */}'), 'a header of valid JSON'],
  'single quotes': [bare("{'a':1}"), 'a header of valid JSON'],
  'a line feed in a name': [bare('{"a\n":1}'), 'a header of valid JSON'],
  'a header nested deeper than the stack': [
    bare(`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`),
    /a header of valid JSON|an object for tensor a, got/,
  ],

  'a number as tensor': [entry('5'), 'an object for tensor a, got 5'],
  'null as tensor': [entry('null'), 'an object for tensor a, got null'],
  'a list as tensor': [entry('[]'), 'an object for tensor a, got []'],
  'a text as tensor': [entry('"b"'), 'an object for tensor a, got "b"'],
  'true as tensor': [entry('true'), 'an object for tensor a, got true'],
  'a tensor twice': [bare(`{"a":{${A}},"a":{${A}}}`, 8), 'every tensor once, and its offsets once'],
  'a tensor twice, apart': [
    bare(`{"a":{${A}},"a":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}}`, 9),
    'every tensor once, and its offsets once, got 1 more',
  ],
  'offsets twice in a tensor': [entry(`{${A},"data_offsets":[0,8]}`), 'its offsets once'],
  'a name that is no Unicode': [bare('{"\\ud800":1}'), 'names of valid Unicode, got "\\ud800"'],
  'a name of 64 kB without a tensor': [
    bare(`{"${'a'.repeat(65536)}":1}`),
    `an object for tensor ${'a'.repeat(80)}…, got 1`,
  ],
  'a name of every object without a tensor': [
    bare('{"__proto__":{"dtype":"F32"}}'),
    'a shape of whole numbers for tensor __proto__',
  ],
  'an entry too many': [
    fileOf(one({ stride: 1 }), 8),
    'dtype, shape and data_offsets for tensor a, got also stride',
  ],
  'an entry of every object too many': [entry(`{${A},"__proto__":{}}`), 'got also __proto__'],

  'no dtype': [fileOf(one({ dtype: undefined }), 8), DTYPES],
  'an unknown dtype': [fileOf(one({ dtype: 'F8_E4M3' }), 8), `${DTYPES} "F8_E4M3"`],
  'a dtype in small letters': [fileOf(one({ dtype: 'f32' }), 8), `${DTYPES} "f32"`],
  'a dtype that every object has': [fileOf(one({ dtype: 'toString' }), 8), `${DTYPES} "toString"`],
  'a dtype of a number': [fileOf(one({ dtype: 32 }), 8), `${DTYPES} 32`],
  'a dtype in a list': [fileOf(one({ dtype: ['F32'] }), 8), `${DTYPES} ["F32"]`],

  'no shape': [fileOf(one({ shape: undefined }), 8), 'a shape of whole numbers for tensor a'],
  'null as shape': [fileOf(one({ shape: null }), 8), `${WHOLE} null`],
  'a number as shape': [fileOf(one({ shape: 2 }), 8), `${WHOLE} 2`],
  'a text as shape': [fileOf(one({ shape: '2' }), 8), `${WHOLE} "2"`],
  'an object as shape': [fileOf(one({ shape: { 0: 2 } }), 8), `${WHOLE} {"0":2}`],
  'a shape in a shape': [fileOf(one({ shape: [[2]] }), 8), `${WHOLE} [[2]]`],
  'a negative dimension': [fileOf(one({ shape: [-2] }), 8), `${WHOLE} [-2]`],
  'a broken dimension': [fileOf(one({ shape: [1.5] }), 8), `${WHOLE} [1.5]`],
  'a text as dimension': [fileOf(one({ shape: ['2'] }), 8), `${WHOLE} ["2"]`],
  'null as dimension': [fileOf(one({ shape: [null] }), 8), `${WHOLE} [null]`],
  'true as dimension': [fileOf(one({ shape: [true] }), 8), `${WHOLE} [true]`],
  'a dimension of 2⁵³': [fileOf(one({ shape: [2 ** 53] }), 8), `${WHOLE} [9007199254740992]`],
  'a dimension beyond any number': [
    entry('{"dtype":"F32","shape":[1e999],"data_offsets":[0,8]}'),
    WHOLE,
  ],

  'no offsets': [fileOf(one({ data_offsets: undefined }), 8), 'two offsets for tensor a'],
  'one offset': [fileOf(one({ data_offsets: [0] }), 8), `${OFFSETS} [0]`],
  'three offsets': [fileOf(one({ data_offsets: [0, 8, 8] }), 8), `${OFFSETS} [0,8,8]`],
  'a negative offset': [fileOf(one({ data_offsets: [-8, 0] }), 8), `${OFFSETS} [-8,0]`],
  'a broken offset': [fileOf(one({ data_offsets: [0.5, 8.5] }), 8), `${OFFSETS} [0.5,8.5]`],
  'an offset of text': [fileOf(one({ data_offsets: ['0', '8'] }), 8), `${OFFSETS} ["0","8"]`],
  'an offset beyond any number': [fileOf(one({ data_offsets: [0, 2 ** 60] }), 8), OFFSETS],
  'offsets the wrong way round': [
    fileOf(one({ data_offsets: [8, 0] }), 8),
    '8 bytes for tensor a, F32 [2], got -8',
  ],

  'fewer bytes than the shape': [fileOf(one({ shape: [3] }), 8), '12 bytes for tensor a, F32 [3]'],
  'more bytes than the shape': [fileOf(one({ shape: [] }), 8), '4 bytes for tensor a, F32 []'],
  'bytes for a tensor of nothing': [fileOf(one({ shape: [0, 9] }), 8), '0 bytes for tensor a'],
  'bytes of another dtype': [fileOf(one({ dtype: 'I64' }), 8), '16 bytes for tensor a, I64 [2]'],
  'half precision in whole words': [fileOf(one({ dtype: 'BF16' }), 8), '4 bytes for tensor a'],
  'a shape beyond any memory': [
    fileOf(one({ shape: [2 ** 52, 2 ** 52] }), 8),
    'bytes for tensor a, F32 [4503599627370496, 4503599627370496], got 8',
  ],
  'a terabyte that is not there': [
    fileOf(one({ shape: [2 ** 38], data_offsets: [0, 2 ** 40] }), 8),
    '1099511627776 bytes of data after the header, got 8',
  ],
  'an infinite shape of nothing': [
    fileOf(one({ shape: [...new Array<number>(30).fill(2 ** 52), 0], data_offsets: [0, 0] }), 0),
    'bytes for tensor a, F32 [4503599627370496',
  ],

  'data cut off': [fileOf(one({}), 7), '8 bytes of data after the header, got 7'],
  'more data than tensors': [fileOf(one({}), 9), '8 bytes of data after the header, got 9'],
  'data without tensors': [fileOf({}, 1), '0 bytes of data after the header, got 1'],
  'a gap before the first': [fileOf(two([1, 2], [2, 3]), 3), 'tensor a to begin at data offset 0'],
  'a gap between two': [
    fileOf(two([0, 2], [3, 4]), 4),
    'tensor b to begin at data offset 2, got 3',
  ],
  'an overlap': [fileOf(two([0, 3], [2, 4]), 4), 'tensor b to begin at data offset 3, got 2'],
  'one within another': [fileOf(two([0, 4], [1, 3]), 4), 'tensor b to begin at data offset 4'],
  'the same bytes twice': [fileOf(two([0, 4], [0, 4]), 4), 'tensor b to begin at data offset 4'],
  'nothing, beyond the end': [fileOf(two([0, 4], [9, 9]), 4), 'tensor b to begin at data offset 4'],

  'metadata that is a list': [fileOf({ __metadata__: [] }, 0), '__metadata__ of strings, got []'],
  'metadata that is null': [fileOf({ __metadata__: null }, 0), '__metadata__ of strings, got null'],
  'metadata that is text': [fileOf({ __metadata__: 'a' }, 0), '__metadata__ of strings, got "a"'],
  'metadata of numbers': [
    fileOf({ __metadata__: { a: 1 } }, 0),
    '__metadata__ of strings, got {"a',
  ],
  'metadata in metadata': [fileOf({ __metadata__: { a: {} } }, 0), '__metadata__ of strings'],
}

const SOME = 'folder/some.safetensors'

describe('is refused, with file and rule', () => {
  refuses(
    MALFORMED,
    bytes => readSafetensors(bytes, SOME),
    () => SOME,
  )
})

it('reads names that objects have, and leaves objects alone', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '../x', 'a\0b']
  const header = names.map(
    (name, i) =>
      `${JSON.stringify(name)}:{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`,
  )
  const { tensors } = readSafetensors(bare(`{${header.join(',')}}`, names.length), 'file')
  expect([...tensors.keys()].sort()).toEqual(names.sort())
  expect(Object.hasOwn(Object.prototype, 'dtype')).toBe(false)
})

/** Whatever is read is a file's worth of tensors; whatever is refused, Excite refuses. */
const readOrRefuse = (bytes: Uint8Array): void => {
  try {
    for (const [name, { shape, data }] of readSafetensors(bytes, 'fuzz').tensors) {
      expect(data.length, name).toBe(shape.reduce((size, dimension) => size * dimension, 1))
    }
  } catch (error) {
    if (!(error instanceof ExciteError)) throw error
  }
}

describe('fuzz', () => {
  const runs = { seed: 1, numRuns: 2000 }
  const good = writeSafetensors(TENSORS, METADATA)
  const place = fc.nat(good.length - 1)

  it('reads or refuses changed bytes', () => {
    const change = fc.tuple(place, fc.nat(255))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), changes => {
        const bytes = Uint8Array.from(good)
        for (const [at, value] of changes) bytes[at] = value
        readOrRefuse(bytes)
      }),
      runs,
    )
  })

  it('reads or refuses pieces cut out, doubled and swapped', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(place, place), { minLength: 1, maxLength: 3 }), pieces => {
        readOrRefuse(Buffer.concat(pieces.map(([from, to]) => good.subarray(from, to))))
        readOrRefuse(Buffer.concat([good, ...pieces.map(([from, to]) => good.subarray(from, to))]))
      }),
      runs,
    )
  })

  it('refuses every prefix of a file', () => {
    for (let end = 0; end < good.length; end++)
      expect(() => readSafetensors(good.subarray(0, end), 'file'), `${end} bytes`).toThrow(
        FileError,
      )
  })

  it('reads or refuses any header', () => {
    const near = fc.record(
      {
        dtype: fc.oneof(fc.constantFrom('F32', 'F16', 'U8', 'BOOL'), fc.jsonValue()),
        shape: fc.oneof(fc.array(fc.nat(3), { maxLength: 3 }), fc.jsonValue()),
        data_offsets: fc.oneof(fc.tuple(fc.nat(8), fc.nat(8)), fc.jsonValue()),
      },
      { requiredKeys: [] },
    )
    const key = fc.constantFrom('a', 'b', '__proto__', '__metadata__', 'constructor', '')
    const header = fc.dictionary(key, fc.oneof(near, fc.jsonValue()))
    fc.assert(
      fc.property(fc.oneof(header, fc.jsonValue()), fc.nat(16), (value, dataBytes) => {
        readOrRefuse(fileOf(value, dataBytes))
      }),
      runs,
    )
  })

  it('reads again whatever was written', () => {
    const name = fc.string({ unit: 'binary', maxLength: 6 }).filter(text => text !== '__metadata__')
    const tensor = fc.oneof(
      fc.float32Array({ maxLength: 6 }).map(data => ({ dtype: 'F32', data }) as const),
      fc.float64Array({ maxLength: 6 }).map(data => ({ dtype: 'F64', data }) as const),
      fc.bigInt64Array({ maxLength: 6 }).map(data => ({ dtype: 'I64', data }) as const),
      fc.int32Array({ maxLength: 6 }).map(data => ({ dtype: 'I32', data }) as const),
      fc.uint8Array({ maxLength: 6 }).map(data => ({ dtype: 'U8', data }) as const),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(name, tensor), { maxLength: 6 }), entries => {
        const tensors = new Map<string, StoredTensor>(
          entries.map(([key, stored]) => [key, { ...stored, shape: [stored.data.length, 1] }]),
        )
        expect(readSafetensors(writeSafetensors(tensors), 'file').tensors).toEqual(tensors)
      }),
      { seed: 1, numRuns: 300 },
    )
  })
})
