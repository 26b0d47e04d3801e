/**
 * The safetensors format: a little-endian 64-bit header length, a JSON header of names, dtypes,
 * shapes and offsets, then the tensors' bytes without gaps. Read strictly: every size is checked
 * against the bytes present before anything is made of it.
 */

import { FileError, formatShape, messageOf, type Refuse, refuser } from '../errors/index.ts'
import { type Shape, sizeOf } from '../graph/index.ts'
import { bfloat16, half } from '../tensor/float16.ts'
import { readable } from '../text/visible.ts'
import { type Bytes, byteSource } from './byteSource.ts'
import { isRecord } from './oldFields.ts'
import { isCount } from './stored.ts'

const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  I32: Int32Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const

export type StoredDType = keyof typeof ARRAYS
type StoredData = Float64Array | Float32Array | BigInt64Array | Int32Array | Uint8Array

/** A tensor as a file has it. */
export interface StoredTensor {
  /** The type of its elements in the file. */
  readonly dtype: StoredDType
  /** The shape of the tensor. */
  readonly shape: Shape
  /** Its elements, row by row. */
  readonly data: StoredData
}

export interface Safetensors {
  readonly tensors: Map<string, StoredTensor>
  readonly metadata: Readonly<Record<string, string>>
}

/** A tensor to be written, which may be of halves, as their bits. */
export type WrittenTensor =
  | StoredTensor
  | { readonly dtype: 'F16'; readonly shape: Shape; readonly data: Uint16Array }

/** What weights are stored as. */
export const FLOATS = ['F32', 'F64'] as const satisfies readonly StoredDType[]

/** Half precision is widened to F32. */
const WIDENED = ['F16', 'BF16']
const BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  F16: 2,
  BF16: 2,
  U8: 1,
  BOOL: 1,
}
const LARGEST_HEADER = 16 * 2 ** 20

/**
 * The bytes of a file. Tensors keep their order, larger elements first as the format's own writer
 * has it, so that each begins at a multiple of its element size.
 */
export const writeSafetensors = (
  tensors: ReadonlyMap<string, WrittenTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array => {
  const sorted = [...tensors].sort(([, a], [, b]) => BYTES[b.dtype] - BYTES[a.dtype])
  const entries: [string, unknown][] =
    Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : []
  let end = 0
  for (const [name, { dtype, shape, data }] of sorted) {
    const start = end
    end += data.byteLength
    entries.push([name, { dtype, shape, data_offsets: [start, end] }])
  }
  // Not an object: a tensor may be called __proto__.
  const json = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
  const text = new TextEncoder().encode(json)
  const header = Math.ceil(text.length / 8) * 8
  const bytes = new Uint8Array(8 + header + end)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header), true)
  bytes.set(text, 8)
  bytes.fill(0x20, 8 + text.length, 8 + header)
  let offset = 8 + header
  for (const [, { data }] of sorted) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset)
    offset += data.byteLength
  }
  return bytes
}

interface Described {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly start: number
  readonly end: number
}

/** A value of the header as a message shows it: short, however long or deep it is. */
const quoted = (value: unknown): string => {
  try {
    return readable(JSON.stringify(value))
  } catch {
    return 'a value nested too deep to show'
  }
}

const describe = (name: string, value: unknown, refuse: Refuse): Described => {
  const tensor = `tensor ${readable(name)}`
  if (/\p{Surrogate}/u.test(name)) return refuse('names of valid Unicode', quoted(name))
  if (!isRecord(value)) return refuse(`an object for ${tensor}`, quoted(value))
  const { dtype, shape, data_offsets: offsets, ...more } = value
  const [unknown] = Object.keys(more)
  if (unknown !== undefined)
    return refuse(`dtype, shape and data_offsets for ${tensor}`, `also ${readable(unknown)}`)
  if (typeof dtype !== 'string' || !Object.hasOwn(BYTES, dtype))
    return refuse(`${tensor} of dtype ${Object.keys(BYTES).join(', ')}`, quoted(dtype))
  if (!Array.isArray(shape) || !shape.every(isCount))
    return refuse(`a shape of whole numbers for ${tensor}`, quoted(shape))
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    return refuse(`two offsets for ${tensor}`, quoted(offsets))
  const [start, end] = offsets as [number, number]
  const size = sizeOf(shape as number[]) * BYTES[dtype]
  if (!Number.isSafeInteger(size) || end - start !== size)
    return refuse(
      `${size} bytes for ${tensor}, ${dtype} ${readable(formatShape(shape))}`,
      `${end - start}`,
    )
  return { name, dtype, shape: shape as number[], start, end }
}

/** No gap, no overlap, all bytes used. */
const checkCover = (described: readonly Described[], available: number, refuse: Refuse): void => {
  let end = 0
  for (const tensor of [...described].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (tensor.start !== end)
      refuse(`tensor ${readable(tensor.name)} to begin at data offset ${end}`, `${tensor.start}`)
    end = tensor.end
  }
  if (end !== available) refuse(`${end} bytes of data after the header`, `${available}`)
}

/** A copy, since the file's bytes need not lie at a multiple of the element size. */
const decode = (dtype: string, bytes: Uint8Array): { dtype: StoredDType; data: StoredData } => {
  // Not slice(): a Buffer's slice is a view.
  const { buffer } = new Uint8Array(bytes)
  if (!WIDENED.includes(dtype)) {
    const known = dtype as StoredDType
    return { dtype: known, data: new ARRAYS[known](buffer) }
  }
  const words = new Uint16Array(buffer)
  return { dtype: 'F32', data: Float32Array.from(words, dtype === 'F16' ? half : bfloat16) }
}

const parseHeader = (bytes: Uint8Array, refuse: Refuse): Record<string, unknown> => {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    // Not even a byte order mark, which the decoder takes away.
    if (bytes.length > 0 && bytes[0] !== 0x7b)
      refuse('a JSON object as header, from its first byte on', `0x${bytes[0].toString(16)}`)
    const header = JSON.parse(text) as Record<string, unknown>
    // Of keys that come twice the parser keeps the last; in JSON's text this can be nothing else.
    const told = text.match(/"data_offsets"\s*:\s*\[/g)?.length ?? 0
    const kept = Object.values(header).filter(
      value => isRecord(value) && Array.isArray(value.data_offsets),
    ).length
    if (told > kept) refuse('every tensor once, and its offsets once', `${told - kept} more`)
    return header
  } catch (cause) {
    if (cause instanceof FileError) throw cause
    return refuse('a header of valid JSON', messageOf(cause))
  }
}

/** A file whose tensors are read when they are asked for. */
interface OpenSafetensors {
  readonly tensors: ReadonlyMap<
    string,
    Pick<StoredTensor, 'dtype' | 'shape'> & { read(): StoredTensor }
  >
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Opens a file.
 * @param file - its name, for messages
 * @throws FileError that names the file, the rule and what was found
 */
export const openSafetensors = (bytes: Bytes, file: string): OpenSafetensors => {
  const source = byteSource(bytes)
  const refuse: Refuse = refuser(FileError, file, 'The file is damaged or not safetensors')
  if (source.size < 8) refuse('at least 8 bytes', `${source.size}`)
  const start = source.read(0, 8)
  const declared = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true)
  if (declared > BigInt(LARGEST_HEADER))
    refuse(`a header of at most ${LARGEST_HEADER} bytes at offset 0`, `${declared}`)
  const data = 8 + Number(declared)
  if (data > source.size) refuse(`${declared} header bytes from offset 8`, `${source.size - 8}`)
  const { __metadata__: metadata = {}, ...entries } = parseHeader(source.read(8, data), refuse)
  if (!isRecord(metadata) || Object.values(metadata).some(value => typeof value !== 'string'))
    return refuse('__metadata__ of strings', quoted(metadata))
  const described = Object.entries(entries).map(([name, value]) => describe(name, value, refuse))
  checkCover(described, source.size - data, refuse)
  const tensors = described.map(({ name, dtype, shape, start, end }) => {
    const read = () => ({ shape, ...decode(dtype, source.read(data + start, data + end)) })
    const known = WIDENED.includes(dtype) ? 'F32' : (dtype as StoredDType)
    return [name, { dtype: known, shape, read }] as const
  })
  return { tensors: new Map(tensors), metadata: metadata as Record<string, string> }
}

/**
 * Reads a whole file.
 * @param file - its name, for messages
 * @throws FileError that names the file, the rule and what was found
 */
export const readSafetensors = (bytes: Uint8Array, file: string): Safetensors => {
  const { tensors, metadata } = openSafetensors(bytes, file)
  return { tensors: new Map([...tensors].map(([name, { read }]) => [name, read()])), metadata }
}
