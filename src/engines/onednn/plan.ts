/** The plan of a graph: its steps in order, and where every value lives in which layouts. */

import {
  type DType,
  type Graph,
  type Node,
  type Shape,
  sizeOf,
  type Value,
} from '../../graph/index.ts'
import { type Block, block, touch } from './arena.ts'
import { ARG } from './constants.ts'
import { type Descriptor, type Descriptors, unit } from './descriptor.ts'
import type { Primitive, PrimitiveRequest, Workshop } from './primitives.ts'

/** A tensor in memory in one layout. */
export interface Stored {
  readonly desc: Descriptor
  readonly block: Block
}

/** Reads and writes row-major tensors in TypeScript. */
export type Loop = (inputs: readonly Float32Array[], outputs: readonly Float32Array[]) => void

export type Step = { readonly where: string } & (
  | { readonly primitive: Primitive; readonly arguments: readonly (readonly [number, Stored])[] }
  | { readonly loop: Loop; readonly inputs: readonly Stored[]; readonly outputs: readonly Stored[] }
)

const SMALL_BYTES = 16384

/** Not worth waking the other threads for: row-major ones this small go by loops here. */
export const isSmall = ({ plain, size }: Descriptor): boolean => plain && size <= SMALL_BYTES

type WithoutWhere<R> = R extends unknown ? Omit<R, 'where'> : never
export type Request = WithoutWhere<PrimitiveRequest>

export interface Plan {
  readonly descriptors: Descriptors
  readonly steps: readonly Step[]
  readonly blocks: readonly Block[]
  /** Tensors that are filled once, before the first run. */
  readonly constants: readonly {
    readonly stored: Stored
    readonly data: ArrayLike<number>
    readonly dtype: DType
  }[]
  primitive(request: Request): Primitive
  /** Undefined where the library has none. */
  possible(request: Request): Primitive | undefined
  /** A new tensor. */
  allocate(desc: Descriptor): Stored
  plainly(shape: Shape, dtype?: DType): Stored
  /** A window into another tensor, in bytes. */
  window(of: Stored, desc: Descriptor, offset?: number): Stored
  execute(primitive: Primitive, values: readonly (readonly [number, Stored | undefined])[]): void
  loop(inputs: readonly Stored[], outputs: readonly Stored[], run: Loop): void
  copy(from: Stored, to: Stored): void
  /** The same elements in this layout: as they are, or copied. */
  brought(from: Stored, desc: Descriptor): Stored
  constant(shape: Shape, data: ArrayLike<number>, dtype?: DType): Stored
  /** Says where a value is. */
  define(value: Value, stored: Stored): void
  /** Says that a value is another's elements under its own shape. */
  same(value: Value, source: Value): void
  /** Says how to make a value, should anything ask for it. */
  later(value: Value, make: () => Stored): void
  /** In the layout that it was made in. */
  natural(value: Value): Stored
  plain(value: Value): Stored
  /** Row-major in a block of its own, which nothing else reads or writes later. */
  apart(value: Value): Stored
  in(value: Value, desc: Descriptor): Stored
  /** The value whose elements these are, behind any number of reshapes. */
  origin(value: Value): Value
  /** The one node that reads a value, where there is only one. */
  only(value: Value): Node | undefined
  /** Whether a value is the same from run to run: a constant, or held and never updated. */
  still(value: Value): boolean
  /** Whether something has said where a value is: a producer fused with the node that makes it. */
  has(value: Value): boolean
  /** Steps from here on belong to this operation. */
  at(where: string): void
}

/** Who reads each value; being an output of the graph counts, as `undefined`. */
const readersOf = ({ nodes, outputs }: Graph): Map<Value, (Node | undefined)[]> => {
  const readers = new Map<Value, (Node | undefined)[]>()
  const add = (value: Value, reader?: Node): void => {
    const known = readers.get(value)
    if (known === undefined) readers.set(value, [reader])
    else known.push(reader)
  }
  for (const node of nodes) for (const value of node.inputs) add(value, node)
  for (const value of Object.values(outputs)) add(value)
  return readers
}

export const newPlan = (
  graph: Graph,
  { descriptors, primitive, possible, reorder }: Workshop,
  still: ReadonlySet<Value>,
): Plan => {
  const readers = readersOf(graph)
  const steps: Step[] = []
  const blocks: Block[] = []
  const constants: { stored: Stored; data: ArrayLike<number>; dtype: DType }[] = []
  const stored = new Map<Value, Stored[]>()
  const sources = new Map<Value, Value>()
  const makers = new Map<Value, () => Stored>()
  let where = ''
  let scratchpad: Block | undefined

  const push = (step: Step, touched: readonly Stored[]): void => {
    for (const { block: piece } of touched) touch(piece, steps.length)
    steps.push(step)
  }
  const newBlock = (bytes: number): Block => {
    const made = block(Math.max(bytes, 4))
    blocks.push(made)
    return made
  }
  /** One for all: steps do not overlap. */
  const scratch = (desc: Descriptor): Stored => {
    if (scratchpad === undefined || scratchpad.bytes < desc.size) {
      scratchpad = newBlock(desc.size)
    }
    return { desc, block: scratchpad }
  }

  const plan: Plan = {
    descriptors,
    steps,
    blocks,
    constants,
    only: value => {
      const [reader, ...others] = readers.get(value) ?? []
      return others.length === 0 ? reader : undefined
    },
    has: value => stored.has(value),
    still: value => value.node?.op === 'constant' || still.has(value),
    at: path => {
      where = path
    },
    primitive: request => primitive({ where, ...request }),
    possible: request => possible({ where, ...request }),
    allocate: desc => ({ desc, block: newBlock(desc.size) }),
    plainly: (shape, dtype = 'float32') =>
      plan.allocate(descriptors.strided(shape, undefined, dtype)),
    window: (of, desc, offset = 0) => ({ desc, block: block(desc.size, of.block, offset) }),
    execute: (made, values) => {
      const given = values.filter(
        (pair): pair is readonly [number, Stored] => pair[1] !== undefined && made.takes(pair[0]),
      )
      const needed = made.query('scratchpad')
      const all: (readonly [number, Stored])[] =
        needed === undefined ? given : [...given, [ARG.scratchpad, scratch(needed)]]
      push(
        { where, primitive: made, arguments: all },
        all.map(([, tensor]) => tensor),
      )
    },
    loop: (inputs, outputs, run) =>
      push({ where, loop: run, inputs, outputs }, [...inputs, ...outputs]),
    copy: (from, to) => {
      if (from.desc.plain && to.desc.plain && isSmall(from.desc))
        return plan.loop([from], [to], ([source], [target]) => target.set(source))
      plan.execute(reorder(where, from.desc, to.desc), [
        [ARG.source, from],
        [ARG.result, to],
      ])
    },
    brought: (from, desc) => {
      if (from.desc.key === desc.key) return from
      if (from.desc.plain && desc.plain) return { ...from, desc }
      const to = plan.allocate(desc)
      plan.copy(from, to)
      return to
    },
    constant: (shape, data, dtype = 'float32') => {
      const made = plan.plainly(shape, dtype)
      touch(made.block, -1)
      touch(made.block, Number.POSITIVE_INFINITY)
      constants.push({ stored: made, data, dtype })
      return made
    },
    define: (value, tensor) => {
      stored.set(value, [tensor])
    },
    same: (value, source) => {
      sources.set(value, source)
    },
    later: (value, make) => {
      const own = where
      makers.set(value, () => {
        const asking = where
        where = own
        const made = make()
        where = asking
        return made
      })
    },
    origin: value => {
      const source = sources.get(value)
      return source === undefined ? value : plan.origin(source)
    },
    natural: value => {
      const known = stored.get(value)
      if (known !== undefined) return known[0]
      const source = sources.get(value)
      const made =
        source === undefined
          ? (makers.get(value) as () => Stored)()
          : plan.window(
              plan.plain(source),
              descriptors.strided(value.shape, undefined, value.dtype),
            )
      stored.set(value, [made])
      return made
    },
    plain: value => plan.in(value, descriptors.strided(value.shape, undefined, value.dtype)),
    apart: value => {
      const found = plan.plain(value)
      const { block: own, desc } = found
      const exclusive = own.parent === undefined && own.first >= 0 && own.bytes === desc.size
      if (exclusive && own.last < Number.POSITIVE_INFINITY) return found
      const made = plan.plainly(value.shape, value.dtype)
      plan.copy(found, made)
      return made
    },
    in: (value, desc) => {
      const first = plan.natural(value)
      const known = stored.get(value) ?? []
      const found = known.find(({ desc: own }) => own.key === desc.key || (own.plain && desc.plain))
      if (found !== undefined)
        return sizeOf(found.desc.dims) === sizeOf(unit(desc.dims)) ? { ...found, desc } : found
      const made = plan.brought(first, desc)
      known.push(made)
      return made
    },
  }
  return plan
}
