/** Tensors of an ONNX file: checked for their size when read, decoded when they are asked for. */

import { PbfReader } from 'pbf'
import { half } from '../../tensor/float16.ts'
import type { TensorProto } from './proto.ts'

/** How a field of numbers is laid out; `raw` is little-endian, without gaps. */
type Store = 'float_data' | 'int32_data' | 'int64_data' | 'double_data' | 'uint64_data'

interface Format {
  readonly name: string
  /** Of one element in raw data. */
  readonly bits: number
  readonly store: Store | 'string_data'
  /** Numbers an element has in its typed field, or elements a number. */
  readonly perElement?: number
  at?(view: DataView, offset: number): number
}

const wide = (value: bigint): number => Number(value)

/** The upper half of a float32. */
const bfloat16 = (bits: number): number => {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint16(0, bits)
  return view.getFloat32(0)
}

/** TensorProto.DataType by number; an element without `at` is not decoded. */
const FORMATS: Readonly<Record<number, Format>> = {
  1: { name: 'float32', bits: 32, store: 'float_data', at: (v, o) => v.getFloat32(o, true) },
  2: { name: 'uint8', bits: 8, store: 'int32_data', at: (v, o) => v.getUint8(o) },
  3: { name: 'int8', bits: 8, store: 'int32_data', at: (v, o) => v.getInt8(o) },
  4: { name: 'uint16', bits: 16, store: 'int32_data', at: (v, o) => v.getUint16(o, true) },
  5: { name: 'int16', bits: 16, store: 'int32_data', at: (v, o) => v.getInt16(o, true) },
  6: { name: 'int32', bits: 32, store: 'int32_data', at: (v, o) => v.getInt32(o, true) },
  7: { name: 'int64', bits: 64, store: 'int64_data', at: (v, o) => wide(v.getBigInt64(o, true)) },
  8: { name: 'string', bits: 0, store: 'string_data' },
  9: { name: 'bool', bits: 8, store: 'int32_data', at: (v, o) => v.getUint8(o) },
  10: { name: 'float16', bits: 16, store: 'int32_data', at: (v, o) => half(v.getUint16(o, true)) },
  11: { name: 'float64', bits: 64, store: 'double_data', at: (v, o) => v.getFloat64(o, true) },
  12: { name: 'uint32', bits: 32, store: 'uint64_data', at: (v, o) => v.getUint32(o, true) },
  13: {
    name: 'uint64',
    bits: 64,
    store: 'uint64_data',
    at: (v, o) => wide(v.getBigUint64(o, true)),
  },
  14: { name: 'complex64', bits: 64, store: 'float_data', perElement: 2 },
  15: { name: 'complex128', bits: 128, store: 'double_data', perElement: 2 },
  16: {
    name: 'bfloat16',
    bits: 16,
    store: 'int32_data',
    at: (v, o) => bfloat16(v.getUint16(o, true)),
  },
  17: { name: 'float8e4m3fn', bits: 8, store: 'int32_data' },
  18: { name: 'float8e4m3fnuz', bits: 8, store: 'int32_data' },
  19: { name: 'float8e5m2', bits: 8, store: 'int32_data' },
  20: { name: 'float8e5m2fnuz', bits: 8, store: 'int32_data' },
  21: { name: 'uint4', bits: 4, store: 'int32_data', perElement: 0.5 },
  22: { name: 'int4', bits: 4, store: 'int32_data', perElement: 0.5 },
  23: { name: 'float4e2m1', bits: 4, store: 'int32_data', perElement: 0.5 },
  24: { name: 'float8e8m0', bits: 8, store: 'int32_data' },
}

export interface OnnxFileTensor {
  readonly name: string
  /** `float32`, `int64`, …; the names of ONNX's types. */
  readonly dtype: string
  readonly dims: readonly number[]
  /** Views of the file, in their order. */
  readonly pieces: readonly Uint8Array[]
  /** Whether the pieces are little-endian numbers without gaps, or a typed field's. */
  readonly raw: boolean
  readonly format: Format
}

/** The name of a type by its number; undefined for one that is not known. */
export const dtypeName = (code: number): string | undefined =>
  Object.hasOwn(FORMATS, code) ? FORMATS[code].name : undefined

export type RefuseHere = (expected: string, got: string, hint?: string) => never

const STORES = ['float_data', 'int32_data', 'int64_data', 'double_data', 'uint64_data'] as const
const WIDTHS = { float_data: 4, double_data: 8 } as const

/** How many whole numbers of at most ten bytes a piece holds. */
const varintCount = (piece: Uint8Array, refuse: RefuseHere): number => {
  let [count, length] = [0, 0]
  for (const byte of piece) {
    if (++length > 10) refuse('numbers of at most ten bytes', 'a longer one')
    if (byte >= 0x80) continue
    count++
    length = 0
  }
  if (length > 0) refuse('numbers that end within their field', 'one that is cut off')
  return count
}

/** How many numbers the pieces of a typed field hold. */
const storedCount = (store: Store, pieces: readonly Uint8Array[], refuse: RefuseHere): number =>
  pieces.reduce((count, piece) => {
    const fixed = store === 'float_data' || store === 'double_data'
    return count + (fixed ? piece.length / WIDTHS[store] : varintCount(piece, refuse))
  }, 0)

const elementsOf = (dims: readonly number[], most: number, refuse: RefuseHere): number => {
  const bad = dims.find(size => !Number.isSafeInteger(size) || size < 0 || size > most)
  if (bad !== undefined) refuse(`dimensions from 0 to ${most}`, `${bad}`)
  // Zero elements, however large the others are; else no product is beyond what is exact.
  let elements = dims.includes(0) ? 0 : 1
  for (const size of elements === 0 ? [] : dims) {
    elements *= size
    if (elements > most) refuse(`at most ${most} elements`, `[${dims.slice(0, 16).join(', ')}]`)
  }
  return elements
}

/**
 * Checks what a tensor declares against the bytes that are there.
 * @param most - elements that a tensor may have
 */
export const checkTensor = (
  proto: TensorProto,
  most: number,
  refuse: RefuseHere,
): OnnxFileTensor => {
  const { dims, data_type: code, raw_data: raw } = proto
  if (proto.data_location === 1 || proto.external_data.length > 0)
    refuse(
      'a tensor whose numbers are in the file',
      'one that names another file',
      'Nothing but the file itself is read: save the model in one file (in Python: onnx.save_model with save_as_external_data=False)',
    )
  if (proto.segment !== undefined) refuse('a whole tensor', 'a segment of one')
  const format = code !== undefined && Object.hasOwn(FORMATS, code) ? FORMATS[code] : undefined
  if (format === undefined) return refuse('a known type of elements (1 to 24)', `${code ?? 'none'}`)
  const elements = elementsOf(dims, most, refuse)
  const { name: dtype, bits, store, perElement = 1 } = format
  const stray = [...STORES, 'string_data' as const].find(
    other => proto[other].length > 0 && (other !== store || raw !== undefined),
  )
  if (stray !== undefined)
    refuse(
      `${dtype} in raw_data or ${store}`,
      `${stray}${raw === undefined ? '' : ' and raw_data'}`,
    )
  const expected = (unit: string, wanted: number, got: number): void => {
    if (got !== wanted) refuse(`${wanted} ${unit} for ${dtype} [${dims.join(', ')}]`, `${got}`)
  }
  if (raw !== undefined) {
    if (store === 'string_data') refuse('strings in string_data', 'raw_data')
    expected('bytes', Math.ceil((elements * bits) / 8), raw.length)
  } else if (store === 'string_data') expected('strings', elements, proto.string_data.length)
  else
    expected('numbers', Math.ceil(elements * perElement), storedCount(store, proto[store], refuse))
  const pieces = raw === undefined ? proto[store] : [raw]
  return { name: proto.name ?? '', dtype, dims, pieces, raw: raw !== undefined, format }
}

export const elementCount = ({ dims }: Pick<OnnxFileTensor, 'dims'>): number =>
  dims.reduce((product, size) => product * size, 1)

/** How many elements are worth decoding for what they say: axes, shapes, slopes. */
const FEW = 4096

/** What a typed field's number means where it holds the bits of a narrower one. */
const narrowed: Readonly<Record<string, (value: number) => number>> = { float16: half, bfloat16 }

/**
 * The numbers of a small tensor; undefined for one that is large, or of an element that is no number.
 * Whole numbers beyond 2^53 are rounded.
 */
export const numbersOf = (tensor: OnnxFileTensor): readonly number[] | undefined => {
  const { format, dtype, raw, pieces } = tensor
  const { at, store, bits } = format
  if (at === undefined || elementCount(tensor) > FEW) return undefined
  const fixed = raw || store === 'float_data' || store === 'double_data'
  const step = bits / 8
  return pieces.flatMap(piece => {
    if (fixed) {
      const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength)
      return Array.from({ length: piece.length / step }, (_, i) => at(view, i * step))
    }
    const pbf = new PbfReader(piece)
    const values: number[] = []
    while (pbf.pos < piece.length) values.push(pbf.readVarint(store !== 'uint64_data'))
    return values.map(narrowed[dtype] ?? (value => value))
  })
}
