/** Primitives: from an operation descriptor, written by the library, to something that executes. */

import {
  CPU,
  DESCRIPTOR_BYTES,
  IN_ORDER,
  OPERATION_BYTES,
  QUERY,
  SCRATCHPAD_USER,
} from './constants.ts'
import { type Descriptor, type Descriptors, describe, descriptors } from './descriptor.ts'
import type { Argument, FunctionName, Handle, Library } from './library.ts'

/** What is done to each element of a result before it is stored. */
export type PostOperation =
  | { readonly eltwise: number; readonly alpha: number; readonly beta: number }
  | { readonly binary: number; readonly operand: Descriptor }

export interface Primitive {
  readonly handle: Handle
  /** A descriptor that the primitive chose; undefined where it needs none. */
  query(what: keyof typeof QUERY): Descriptor | undefined
  /** The primitive descriptor, as a hint for backward primitives. */
  readonly hint: Handle
}

export interface Device {
  readonly library: Library
  readonly descriptors: Descriptors
  readonly engine: Handle
  readonly stream: Handle
}

/** The CPU, with one stream: work is done in order, in the calling thread and its OpenMP team. */
export const openDevice = (library: Library): Device => {
  const engine = library.make('engine onednn', 'dnnl_engine_create', CPU, 0)
  const stream = library.make('engine onednn', 'dnnl_stream_create', engine, IN_ORDER)
  return { library, descriptors: descriptors(library), engine, stream }
}

export interface PrimitiveRequest {
  readonly where: string
  /** The function that writes the operation descriptor, and its arguments after that. */
  readonly init: FunctionName
  readonly values: readonly (Argument | Descriptor | undefined)[]
  readonly post?: readonly PostOperation[]
  readonly hint?: Handle
}

const isDescriptor = (value: object): value is Descriptor => 'key' in value

const argument = (value: Argument | Descriptor | undefined): Argument => {
  if (value === undefined || value === null) return null
  return typeof value === 'object' && isDescriptor(value) ? value.bytes : value
}

/** Makes primitives, and destroys all of them at once. */
export interface Workshop {
  primitive(request: PrimitiveRequest): Primitive
  reorder(where: string, from: Descriptor, to: Descriptor): Primitive
  memory(where: string, descriptor: Descriptor, address: bigint): Handle
  dispose(): void
}

export const workshop = ({ library, engine }: Device): Workshop => {
  const cleanup: [FunctionName, Handle][] = []
  const owned = (destroy: FunctionName, handle: Handle): Handle => {
    cleanup.push([destroy, handle])
    return handle
  }
  const withAttributes = <Result>(
    where: string,
    post: readonly PostOperation[],
    use: (attributes: Handle) => Result,
  ): Result => {
    const attributes = library.make(where, 'dnnl_primitive_attr_create')
    const chain = library.make(where, 'dnnl_post_ops_create')
    try {
      library.check(where, 'dnnl_primitive_attr_set_scratchpad_mode', attributes, SCRATCHPAD_USER)
      for (const operation of post)
        if ('binary' in operation) {
          const { binary, operand } = operation
          library.check(where, 'dnnl_post_ops_append_binary', chain, binary, operand.bytes)
        } else {
          const { eltwise, alpha, beta } = operation
          library.check(where, 'dnnl_post_ops_append_eltwise', chain, 1, eltwise, alpha, beta)
        }
      library.check(where, 'dnnl_primitive_attr_set_post_ops', attributes, chain)
      return use(attributes)
    } finally {
      library.call('dnnl_post_ops_destroy', chain)
      library.call('dnnl_primitive_attr_destroy', attributes)
    }
  }
  const primitiveOf = (where: string, hint: Handle): Primitive => ({
    hint: owned('dnnl_primitive_desc_destroy', hint),
    handle: owned('dnnl_primitive_destroy', library.make(where, 'dnnl_primitive_create', hint)),
    query: what => {
      const address = library.call('dnnl_primitive_desc_query_md', hint, QUERY[what], 0)
      if (Number(address) === 0) return undefined
      const found = describe(library, library.read(address, DESCRIPTOR_BYTES))
      return found.dims.length === 0 ? undefined : found
    },
  })
  return {
    primitive: ({ where, init, values, post = [], hint = 0 }) => {
      const operation = new Uint8Array(OPERATION_BYTES)
      library.check(where, init, operation, ...values.map(argument))
      return withAttributes(where, post, attributes =>
        primitiveOf(
          where,
          library.make(where, 'dnnl_primitive_desc_create', operation, attributes, engine, hint),
        ),
      )
    },
    reorder: (where, from, to) =>
      withAttributes(where, [], attributes =>
        primitiveOf(
          where,
          library.make(
            where,
            'dnnl_reorder_primitive_desc_create',
            from.bytes,
            engine,
            to.bytes,
            engine,
            attributes,
          ),
        ),
      ),
    memory: (where, descriptor, address) =>
      owned(
        'dnnl_memory_destroy',
        library.make(where, 'dnnl_memory_create', descriptor.bytes, engine, address),
      ),
    dispose: () => {
      for (const [destroy, handle] of cleanup.reverse()) library.call(destroy, handle)
      cleanup.length = 0
    },
  }
}
