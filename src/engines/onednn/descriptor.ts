/** Memory descriptors: dimensions and the layout of their elements, as the library's own bytes. */

import { type DType, type Shape, sizeOf } from '../../graph/index.ts'
import { ANY, DESCRIPTOR_BYTES, TYPE } from './constants.ts'
import type { Library } from './library.ts'

export interface Descriptor {
  readonly bytes: Uint8Array
  /** Equal for equal descriptors. */
  readonly key: string
  readonly dims: Shape
  /** Row-major without gaps. */
  readonly plain: boolean
  /** Bytes of memory, padding included. */
  readonly size: number
}

/** A scalar has one dimension there. */
export const unit = (shape: Shape): Shape => (shape.length === 0 ? [1] : shape)

export const rowMajor = (shape: Shape): number[] =>
  shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))

/** As the library takes dims: twelve at most. */
export const int64s = (values: readonly number[]): BigInt64Array =>
  BigInt64Array.from(values, value => BigInt(value))

const typeOf = (dtype: DType): number => (dtype === 'int' ? TYPE.int : TYPE.float)

// Byte offsets in dnnl_memory_desc_t of version 2.6.
const DIMS = 8
const PADDED = 112
const OFFSET = 304
const KIND = 312
const STRIDES = 320
const BLOCKS = 416
const BLOCK_SIZES = 424
const BLOCK_AXES = 520
const BLOCKED = 2

const numbers = (bytes: Uint8Array, at: number, count: number): number[] =>
  Array.from(new BigInt64Array(bytes.buffer, bytes.byteOffset + at, count), Number)

/** Reads what the library wrote. */
export const describe = (library: Library, bytes: Uint8Array): Descriptor => {
  const [rank] = new Int32Array(bytes.buffer, bytes.byteOffset, 1)
  const dims = numbers(bytes, DIMS, rank)
  const strides = numbers(bytes, STRIDES, rank)
  const dense = rowMajor(dims)
  const [kind] = new Int32Array(bytes.buffer, bytes.byteOffset + KIND, 1)
  const [blocks] = new Int32Array(bytes.buffer, bytes.byteOffset + BLOCKS, 1)
  return {
    bytes,
    key: String.fromCharCode(...bytes),
    dims,
    plain:
      kind === BLOCKED &&
      blocks === 0 &&
      numbers(bytes, OFFSET, 1)[0] === 0 &&
      numbers(bytes, PADDED, rank).join() === dims.join() &&
      strides.every((stride, axis) => dims[axis] === 1 || stride === dense[axis]),
    size: kind === BLOCKED ? Number(library.call('dnnl_memory_desc_get_size', bytes)) : 0,
  }
}

/**
 * Another shape in the same blocks of channels (nChw16c and its like); undefined for other layouts.
 * The fast path for broadcasting wants both operands so.
 */
const alike = (
  library: Library,
  { bytes, dims }: Descriptor,
  shape: Shape,
): Descriptor | undefined => {
  const [blocks] = new Int32Array(bytes.buffer, bytes.byteOffset + BLOCKS, 1)
  const [size] = numbers(bytes, BLOCK_SIZES, 1)
  const [axis] = numbers(bytes, BLOCK_AXES, 1)
  const channelStride = numbers(bytes, STRIDES, 2)[1]
  if (blocks !== 1 || axis !== 1 || channelStride !== sizeOf(dims.slice(2)) * size) return undefined
  const padded = shape.with(1, Math.ceil(shape[1] / size) * size)
  const strides = rowMajor(padded).map((stride, i) => (i > 1 ? stride * size : stride))
  strides[1] = sizeOf(shape.slice(2)) * size
  const copy = bytes.slice()
  const write = (at: number, values: readonly number[]): void =>
    new BigInt64Array(copy.buffer, at, values.length).set(int64s(values))
  write(DIMS, shape)
  write(PADDED, padded)
  write(STRIDES, strides)
  return describe(library, copy)
}

export interface Descriptors {
  /** Another shape in the same blocks of channels, where there are blocks. */
  alike(desc: Descriptor, shape: Shape): Descriptor | undefined

  /** Row-major, or with the strides given. */
  strided(shape: Shape, strides?: readonly number[], dtype?: DType): Descriptor
  /** A layout that the library may choose. */
  any(shape: Shape): Descriptor
}

export const descriptors = (library: Library): Descriptors => ({
  alike: (desc, shape) => alike(library, desc, shape),
  strided: (shape, strides = rowMajor(unit(shape)), dtype = 'float') => {
    const bytes = new Uint8Array(DESCRIPTOR_BYTES)
    const dims = unit(shape)
    library.check(
      'descriptor',
      'dnnl_memory_desc_init_by_strides',
      bytes,
      dims.length,
      int64s(dims),
      typeOf(dtype),
      int64s(strides),
    )
    return describe(library, bytes)
  },
  any: shape => {
    const bytes = new Uint8Array(DESCRIPTOR_BYTES)
    const dims = unit(shape)
    library.check(
      'descriptor',
      'dnnl_memory_desc_init_by_tag',
      bytes,
      dims.length,
      int64s(dims),
      TYPE.float,
      ANY,
    )
    return describe(library, bytes)
  },
})
