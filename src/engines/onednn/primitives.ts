/** Primitives: from what they are for, to something that executes. */

import { EngineError } from '../../errors/index.ts'
import { type Api, apiOf, type Kind, type Operations } from './api/index.ts'
import { ARG, BINARY, CPU, IN_ORDER, QUERY, SCRATCHPAD_USER, type Versioned } from './constants.ts'
import { type Descriptor, type Descriptors, describe, descriptors } from './descriptor.ts'
import {
  type Argument,
  type FunctionName,
  type Handle,
  type Library,
  Unimplemented,
} from './library.ts'

/** What is done to each element of a result before it is stored. */
export type PostOperation =
  | { readonly eltwise: Versioned; readonly alpha: number; readonly beta: number }
  | { readonly binary: number; readonly operand: Descriptor }

export interface Primitive {
  readonly handle: Handle
  /** A descriptor that the primitive chose; undefined where it needs none. */
  query(what: Exclude<keyof typeof QUERY, 'argument'>): Descriptor | undefined
  /** The primitive descriptor, as a hint for backward primitives. */
  readonly hint: Handle
  /** Whether it wants an argument. */
  takes(argument: number): boolean
  /** The argument number of a binary post-operation's operand. */
  operand(index: number): number
}

export interface Device {
  readonly library: Library
  readonly api: Api
  readonly engine: Handle
  readonly stream: Handle
  /** Where the argument numbers of post-operations begin. */
  readonly postBase: number
}

/** The base of version 2 and the first of 3, and that of later ones of 3. */
const POST_BASES = [16384, 32768]

/** A descriptor that a primitive descriptor holds. */
const queried = (
  { library, api }: Device,
  hint: Handle,
  what: number,
  index = 0,
): Descriptor | undefined => {
  const address = library.call('dnnl_primitive_desc_query_md', hint, what, index)
  return Number(address) === 0 ? undefined : describe(library, api, api.borrowed(address))
}

/** Asks a primitive with one post-operation under which number it knows the operand. */
const postBaseOf = (device: Device): number => {
  const where = 'device onednn'
  const cache = primitiveCache(device)
  try {
    const one = cache.descriptors.strided([1])
    const post = [{ binary: BINARY.add, operand: one }]
    const values = [BINARY.add, one, one, one] as const
    const { hint } = cache.primitive({ where, kind: 'binary', values, post })
    const base = POST_BASES.find(base => queried(device, hint, QUERY.argument, base | ARG.source1))
    if (base !== undefined) return base
    throw new EngineError({
      where,
      expected: `the operand of a post-operation at one of ${POST_BASES.join(', ')}`,
      got: `neither (oneDNN ${device.library.version})`,
    })
  } finally {
    cache.dispose()
  }
}

/** The CPU, with one stream: work is done in order, in the calling thread and its OpenMP team. */
export const openDevice = (library: Library): Device => {
  const engine = library.make('engine onednn', 'dnnl_engine_create', CPU, 0)
  const stream = library.make('engine onednn', 'dnnl_stream_create', engine, IN_ORDER)
  const device = { library, api: apiOf(library), engine, stream, postBase: POST_BASES[0] }
  return { ...device, postBase: postBaseOf(device) }
}

/** A kind of primitive, and what it is made from. */
export type PrimitiveRequest = {
  readonly [K in Kind]: {
    readonly where: string
    readonly kind: K
    readonly values: Operations<Descriptor>[K]
    readonly post?: readonly PostOperation[]
    readonly hint?: Handle
  }
}[Kind]

type Value = PrimitiveRequest['values'][number]

const isVersioned = (value: readonly unknown[]): value is Versioned => typeof value[0] === 'number'

const isArray = (value: Value): value is Extract<Value, readonly unknown[]> => Array.isArray(value)

const argument = (api: Api, value: Value): Argument => {
  if (value === undefined || value === null) return null
  if (isArray(value))
    return isVersioned(value)
      ? api.number(value)
      : value.reduce((sum, flag) => sum + api.number(flag), 0)
  return typeof value === 'object' && 'reference' in value ? value.reference : value
}

const keyOf = (value: Value): string =>
  typeof value === 'object' && value !== null && 'key' in value ? value.key : String(value)

const postKey = (post: PostOperation): string =>
  'binary' in post ? `${post.binary} ${post.operand.key}` : JSON.stringify(post)

/** Makes descriptors and primitives, and destroys all of them at once. */
export interface PrimitiveCache {
  readonly descriptors: Descriptors
  primitive(request: PrimitiveRequest): Primitive
  /** Undefined where the library has none. */
  tryPrimitive(request: PrimitiveRequest): Primitive | undefined
  reorder(where: string, from: Descriptor, to: Descriptor): Primitive
  memory(where: string, descriptor: Descriptor, address: bigint): Handle
  dispose(): void
}

export const primitiveCache = (device: Device): PrimitiveCache => {
  const { library, api, engine, postBase } = device
  const cleanup: [FunctionName, Handle][] = []
  const layouts = descriptors(library, api)
  const owned = (destroy: FunctionName, handle: Handle): Handle => {
    cleanup.push([destroy, handle])
    return handle
  }
  const append = (where: string, chain: Handle, operation: PostOperation): void => {
    if ('binary' in operation) {
      const { binary, operand } = operation
      library.check(where, 'dnnl_post_ops_append_binary', chain, binary, operand.reference)
    } else {
      const { eltwise, alpha, beta } = operation
      api.appendEltwise(where, chain, api.number(eltwise), alpha, beta)
    }
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
      for (const operation of post) append(where, chain, operation)
      library.check(where, 'dnnl_primitive_attr_set_post_ops', attributes, chain)
      return use(attributes)
    } finally {
      library.call('dnnl_post_ops_destroy', chain)
      library.call('dnnl_primitive_attr_destroy', attributes)
    }
  }
  /** Equal ones are made once: they keep nothing between executions. */
  const made = new Map<string, Primitive>()
  const once = (key: string, make: () => Primitive): Primitive => {
    const known = made.get(key)
    if (known !== undefined) return known
    const primitive = make()
    made.set(key, primitive)
    return primitive
  }
  const primitiveOf = (where: string, hint: Handle, kind?: Kind): Primitive => ({
    takes: argument => kind === undefined || api.takes(kind, argument),
    hint: owned('dnnl_primitive_desc_destroy', hint),
    handle: owned('dnnl_primitive_destroy', library.make(where, 'dnnl_primitive_create', hint)),
    query: what => queried(device, hint, QUERY[what]),
    operand: index => (postBase * (index + 1)) | ARG.source1,
  })
  const primitive = ({ where, kind, values, post = [], hint = 0 }: PrimitiveRequest): Primitive =>
    once([kind, ...values.map(keyOf), ...post.map(postKey), hint].join(';'), () =>
      withAttributes(where, post, attributes => {
        const making = { where, engine, attributes, hint }
        const plain = values.map((value: Value) => argument(api, value))
        return primitiveOf(where, api.describe(kind, plain, making), kind)
      }),
    )
  return {
    descriptors: layouts,
    primitive,
    tryPrimitive: request => {
      try {
        return primitive(request)
      } catch (cause) {
        if (cause instanceof Unimplemented) return undefined
        throw cause
      }
    },
    reorder: (where, from, to) =>
      once(`reorder;${from.key};${to.key}`, () =>
        withAttributes(where, [], attributes =>
          primitiveOf(
            where,
            library.make(
              where,
              'dnnl_reorder_primitive_desc_create',
              from.reference,
              engine,
              to.reference,
              engine,
              attributes,
            ),
          ),
        ),
      ),
    memory: (where, descriptor, address) =>
      owned(
        'dnnl_memory_destroy',
        library.make(where, 'dnnl_memory_create', descriptor.reference, engine, address),
      ),
    dispose: () => {
      for (const [destroy, handle] of cleanup.reverse()) library.call(destroy, handle)
      cleanup.length = 0
      layouts.dispose()
    },
  }
}
