/** Memory descriptors: dimensions and the layout of their elements. */

import { type DType, type Shape, sizeOf } from '../../graph/index.ts'
import type { Api, Reference } from './api/index.ts'
import { TAG, TYPE, type Versioned } from './constants.ts'
import type { Library } from './library.ts'

export interface Descriptor {
  /** The descriptor as the library takes it. */
  readonly reference: Reference
  /** Equal for equal descriptors. */
  readonly key: string
  readonly dims: Shape
  /** Row-major without gaps. */
  readonly isRowMajor: boolean
  /** Bytes of memory, padding included. */
  readonly size: number
  /** The channels of a block, where images lie in blocks of them one after another (nChw16c and its like). */
  readonly block?: number
}

/** A scalar has one dimension there. */
export const unit = (shape: Shape): Shape => (shape.length === 0 ? [1] : shape)

export const rowMajorStrides = (shape: Shape): number[] =>
  shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))

/** Dimensions as the library takes them: twelve at most. */
export const int64s = (values: readonly number[]): BigInt64Array =>
  BigInt64Array.from(values, value => BigInt(value))

const typeOf = (dtype: DType): number => (dtype === 'int32' ? TYPE.int : TYPE.float)

/** Reads what a descriptor says; undefined for the empty one. */
export const describe = (
  library: Library,
  api: Api,
  reference: Reference,
): Descriptor | undefined => {
  const layout = api.layout(reference)
  const { dims, type, blocked, padded, strides, offset, blocks } = layout
  if (dims.length === 0) return undefined
  const bytes = Number(library.call('dnnl_memory_desc_get_size', reference))
  if (!blocked) return { reference, key: `${reference}`, dims, isRowMajor: false, size: bytes }
  const dense = rowMajorStrides(dims)
  const [{ axis, size } = { axis: -1, size: 0 }] = blocks
  const ofChannels =
    blocks.length === 1 && axis === 1 && strides[1] === sizeOf(dims.slice(2)) * size
  return {
    reference,
    key: [type, dims, padded, strides, offset, blocks.map(block => [block.axis, block.size])].join(
      '|',
    ),
    dims,
    isRowMajor:
      blocks.length === 0 &&
      offset === 0 &&
      padded.join() === dims.join() &&
      strides.every((stride, i) => dims[i] === 1 || stride === dense[i]),
    size: bytes,
    ...(ofChannels ? { block: size } : {}),
  }
}

export interface Descriptors {
  /** Another shape in the same blocks of channels, where there are blocks. */
  alike(desc: Descriptor, shape: Shape): Descriptor | undefined
  /** Row-major, or with the strides given. */
  strided(shape: Shape, strides?: readonly number[], dtype?: DType): Descriptor
  /** A layout that the library may choose. */
  any(shape: Shape): Descriptor
  /** Gives all of them back. */
  dispose(): void
}

/** Makes each descriptor once. */
export const descriptors = (library: Library, api: Api): Descriptors => {
  const made = new Map<string, Descriptor>()
  const once = (key: string, make: () => Reference): Descriptor => {
    const known = made.get(key)
    if (known !== undefined) return known
    const fresh = describe(library, api, make()) as Descriptor
    made.set(key, fresh)
    return fresh
  }
  const tagged = (shape: Shape, tag: Versioned): Descriptor => {
    const dims = unit(shape)
    const number = api.number(tag)
    return once(`tag ${number} ${dims}`, () => api.tagged(int64s(dims), TYPE.float, number))
  }
  return {
    alike: ({ block, dims }, shape) => {
      const tags: Readonly<Record<number, Readonly<Record<number, Versioned>>>> = TAG
      const tag = block === undefined ? undefined : tags[dims.length]?.[block]
      return tag && tagged(shape, tag)
    },
    strided: (shape, strides = rowMajorStrides(unit(shape)), dtype = 'float32') => {
      const dims = unit(shape)
      const type = typeOf(dtype)
      return once(`${type} ${dims} ${strides}`, () =>
        api.strided(int64s(dims), type, int64s(strides)),
      )
    },
    any: shape => tagged(shape, TAG.any),
    dispose: () => {
      for (const { reference } of made.values()) api.release(reference)
      made.clear()
    },
  }
}
