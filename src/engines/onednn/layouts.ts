/** Where every value of a graph lives, in which layouts; values that nothing asks for are never made. */

import { sizeOf, type Value } from '../../graph/index.ts'
import type { Buffers, Stored } from './buffers.ts'
import { type Descriptor, unit } from './descriptor.ts'
import type { Post } from './postOp.ts'
import type { Program } from './program.ts'

/** Makes a result, and does these to it in the same pass. */
export type Fusible = (posts: readonly Post[]) => Stored

export interface Layouts {
  /** Says where a value is. */
  define(value: Value, stored: Stored): void
  /** Says that a value is another's elements under its own shape. */
  alias(value: Value, source: Value): void
  /** Says how to make a value, should anything ask for it. */
  defer(value: Value, make: () => Stored): void
  /** Says how to make a value together with what is done to it. */
  deferFusible(value: Value, make: Fusible): void
  /** How a value is to be made that takes what is done to it, and that nothing has asked for yet. */
  fusible(value: Value): Fusible | undefined
  /** Whether something has said where a value is: a producer fused with the node that makes it. */
  has(value: Value): boolean
  /** The value whose elements these are, behind any number of reshapes. */
  origin(value: Value): Value
  /** A value in the layout that it was made in. */
  native(value: Value): Stored
  rowMajor(value: Value): Stored
  inLayout(value: Value, desc: Descriptor): Stored
  /** Row-major in a block of its own, which nothing else reads or writes later. */
  exclusiveCopy(value: Value): Stored
  /** The same elements in this layout: as they are, or copied. */
  reorder(from: Stored, desc: Descriptor): Stored
  /** What belongs to a value, made once. */
  once<Result>(value: Value, key: string, make: () => Result): Result
}

export const newLayouts = (
  { allocate, allocateRowMajor, descriptors, window }: Buffers,
  { copy, inSection }: Program,
): Layouts => {
  const stored = new Map<Value, Stored[]>()
  const sources = new Map<Value, Value>()
  const makers = new Map<Value, () => Stored>()
  const fusible = new Map<Value, Fusible>()
  const belongings = new Map<Value, Map<string, unknown>>()
  const rowMajorOf = ({ shape, dtype }: Value): Descriptor =>
    descriptors.strided(shape, undefined, dtype)

  const layouts: Layouts = {
    define: (value, tensor) => {
      stored.set(value, [tensor])
    },
    alias: (value, source) => {
      sources.set(value, source)
    },
    defer: (value, make) => {
      makers.set(value, inSection(make))
    },
    deferFusible: (value, make) => {
      fusible.set(value, make)
      layouts.defer(value, () => make([]))
    },
    fusible: value => (stored.has(value) ? undefined : fusible.get(value)),
    has: value => stored.has(value),
    origin: value => {
      const source = sources.get(value)
      return source === undefined ? value : layouts.origin(source)
    },
    native: value => {
      const known = stored.get(value)
      if (known !== undefined) return known[0]
      const source = sources.get(value)
      const made =
        source === undefined
          ? (makers.get(value) as () => Stored)()
          : window(layouts.rowMajor(source), rowMajorOf(value))
      stored.set(value, [made])
      return made
    },
    rowMajor: value => layouts.inLayout(value, rowMajorOf(value)),
    inLayout: (value, desc) => {
      const first = layouts.native(value)
      const known = stored.get(value) ?? []
      const found = known.find(
        ({ desc: own }) => own.key === desc.key || (own.isRowMajor && desc.isRowMajor),
      )
      if (found !== undefined)
        return sizeOf(found.desc.dims) === sizeOf(unit(desc.dims)) ? { ...found, desc } : found
      const made = layouts.reorder(first, desc)
      known.push(made)
      return made
    },
    exclusiveCopy: value => {
      const found = layouts.rowMajor(value)
      const { block: own, desc } = found
      const exclusive = own.parent === undefined && own.first >= 0 && own.bytes === desc.size
      if (exclusive && own.last < Number.POSITIVE_INFINITY) return found
      const made = allocateRowMajor(value.shape, value.dtype)
      copy(found, made)
      return made
    },
    reorder: (from, desc) => {
      if (from.desc.key === desc.key) return from
      if (from.desc.isRowMajor && desc.isRowMajor) return { ...from, desc }
      const to = allocate(desc)
      copy(from, to)
      return to
    },
    once: <Result>(value: Value, key: string, make: () => Result): Result => {
      const own = belongings.get(value) ?? new Map<string, unknown>()
      belongings.set(value, own)
      if (!own.has(key)) own.set(key, make())
      return own.get(key) as Result
    },
  }
  return layouts
}
