/** The steps of a plan, in order: primitives of the library, and loops in TypeScript. */

import { type Block, touch } from '../arena.ts'
import type { Buffers, Stored } from './buffers.ts'
import { ARG } from './constants.ts'
import type { Descriptor } from './descriptor.ts'
import type { Primitive, PrimitiveCache, PrimitiveRequest } from './primitives.ts'

/** Reads and writes tensors, row-major or as they lie, in TypeScript. */
export type Loop = (inputs: readonly Float32Array[], outputs: readonly Float32Array[]) => void

export type Step = { readonly where: string } & (
  | { readonly primitive: Primitive; readonly arguments: readonly (readonly [number, Stored])[] }
  | { readonly loop: Loop; readonly inputs: readonly Stored[]; readonly outputs: readonly Stored[] }
  /** Added up, in place, over the processes. */
  | { readonly exchanged: readonly Stored[] }
)

const SMALL_BYTES = 16384

/** Not worth waking the other threads for: row-major ones this small go by loops here. */
export const isSmall = ({ isRowMajor, size }: Descriptor): boolean =>
  isRowMajor && size <= SMALL_BYTES

type WithoutWhere<R> = R extends unknown ? Omit<R, 'where'> : never
export type Request = WithoutWhere<PrimitiveRequest>

export interface Program {
  readonly steps: readonly Step[]
  primitive(request: Request): Primitive
  /** Undefined where the library has none. */
  tryPrimitive(request: Request): Primitive | undefined
  execute(primitive: Primitive, values: readonly (readonly [number, Stored | undefined])[]): void
  loop(inputs: readonly Stored[], outputs: readonly Stored[], run: Loop): void
  exchange(values: readonly Stored[]): void
  copy(from: Stored, to: Stored): void
  /** Steps from here on belong to this operation. */
  section(where: string): void
  /** A function whose steps belong to the operation at hand, whenever it is called. */
  inSection<Result>(run: () => Result): () => Result
}

export const newProgram = (buffers: Buffers, cache: PrimitiveCache): Program => {
  const steps: Step[] = []
  let where = ''
  let scratchpad: Stored | undefined

  const push = (step: Step, touched: readonly Stored[]): void => {
    for (const { block } of touched) touch(block, steps.length)
    steps.push(step)
  }
  /** One for all: steps do not overlap. */
  const scratch = (desc: Descriptor): Stored => {
    if (scratchpad === undefined || scratchpad.desc.size < desc.size)
      scratchpad = buffers.allocate(desc)
    const block: Block = scratchpad.block
    return { desc, block }
  }
  const program: Program = {
    steps,
    primitive: request => cache.primitive({ where, ...request }),
    tryPrimitive: request => cache.tryPrimitive({ where, ...request }),
    execute: (primitive, values) => {
      const given = values.filter(
        (pair): pair is readonly [number, Stored] =>
          pair[1] !== undefined && primitive.takes(pair[0]),
      )
      const needed = primitive.query('scratchpad')
      const all: (readonly [number, Stored])[] =
        needed === undefined ? given : [...given, [ARG.scratchpad, scratch(needed)]]
      const touched = all.map(([, tensor]) => tensor)
      push({ where, primitive, arguments: all }, touched)
    },
    loop: (inputs, outputs, run) =>
      push({ where, loop: run, inputs, outputs }, [...inputs, ...outputs]),
    exchange: values => push({ where, exchanged: values }, values),
    copy: (from, to) => {
      if (from.desc.isRowMajor && to.desc.isRowMajor && isSmall(from.desc))
        return program.loop([from], [to], ([source], [target]) => target.set(source))
      program.execute(cache.reorder(where, from.desc, to.desc), [
        [ARG.source, from],
        [ARG.result, to],
      ])
    },
    section: path => {
      where = path
    },
    inSection: run => {
      const own = where
      return () => {
        const asking = where
        where = own
        const made = run()
        where = asking
        return made
      }
    },
  }
  return program
}
