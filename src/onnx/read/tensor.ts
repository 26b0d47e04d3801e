/** Tensors of an ONNX file: checked for their size when read, decoded when they are asked for. */

import { PbfReader } from 'pbf'
import { half } from '../../tensor/float16.ts'
import { bfloat16, FORMATS, type Format, type Store } from '../format/dtypes.ts'
import type { TensorProto } from '../format/messages.ts'

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
