/** Version 3: descriptors are objects of the library, which we ask and give back. */

import { ARG, BLOCKED } from '../constants.ts'
import type { Argument, FunctionName, Handle, Library } from '../library.ts'
import type { Api, Kind, Layout } from './api.ts'

/** What dnnl_memory_desc_query answers. */
const QUERY = {
  rank: 256,
  dims: 257,
  type: 258,
  offset: 259,
  padded: 260,
  kind: 262,
  blockCount: 263,
  blockSizes: 264,
  blockAxes: 265,
  strides: 14,
} as const

const SOFTMAX = { accurate: 0x30000, log: 0x30001 } as const

type Values = readonly Argument[]

/** The values with one of them twice: what it gives looks like what it takes. */
const twice =
  (at: number) =>
  (values: Values): Values =>
    values.toSpliced(at, 0, values[at])

const softmax =
  (algorithm: number) =>
  ([prop, x, axis]: Values): Values => [prop, algorithm, x, x, axis]

/** What version 3 takes where our values are not its own. */
const VALUES: Partial<Readonly<Record<Kind, (values: Values) => Values>>> = {
  eltwiseForward: twice(2),
  eltwiseBackward: twice(1),
  batchNormalizationForward: twice(1),
  batchNormalizationBackward: twice(1),
  softmaxForward: softmax(SOFTMAX.accurate),
  logSoftmaxForward: softmax(SOFTMAX.log),
}

/** `convolutionBackwardData` is made by `dnnl_convolution_backward_data_primitive_desc_create`. */
const creatorOf = (kind: Kind): FunctionName => {
  const name = kind.replace('logSoftmax', 'softmax').replace(/[A-Z]/g, letter => `_${letter}`)
  return `dnnl_${name.toLowerCase()}_primitive_desc_create` as FunctionName
}

const layoutOf = (library: Library, reference: Handle): Layout => {
  const ask = <Into extends ArrayBufferView>(what: number, into: Into): Into => {
    library.check('descriptor', 'dnnl_memory_desc_query', reference, what, into)
    return into
  }
  const int = (what: number): number => ask(what, new Int32Array(1))[0]
  const longs = (what: number, count: number): number[] => {
    if (count === 0) return []
    const [address] = ask(what, new BigUint64Array(1))
    return Array.from(new BigInt64Array(library.read(address, 8 * count).buffer), Number)
  }
  const rank = int(QUERY.rank)
  const open = { dims: longs(QUERY.dims, rank), type: int(QUERY.type), blocked: false }
  if (rank === 0 || int(QUERY.kind) !== BLOCKED)
    return { ...open, padded: [], strides: [], offset: 0, blocks: [] }
  const count = int(QUERY.blockCount)
  const axes = longs(QUERY.blockAxes, count)
  return {
    ...open,
    blocked: true,
    padded: longs(QUERY.padded, rank),
    strides: longs(QUERY.strides, rank),
    offset: Number(ask(QUERY.offset, new BigInt64Array(1))[0]),
    blocks: longs(QUERY.blockSizes, count).map((size, i) => ({ axis: axes[i], size })),
  }
}

export const v3 = (library: Library): Api => ({
  number: ([, second]) => second,
  strided: (dims, type, strides) =>
    library.make(
      'descriptor',
      'dnnl_memory_desc_create_with_strides',
      dims.length,
      dims,
      type,
      strides,
    ),
  tagged: (dims, type, tag) =>
    library.make('descriptor', 'dnnl_memory_desc_create_with_tag', dims.length, dims, type, tag),
  borrowed: address => address,
  layout: reference => layoutOf(library, reference as Handle),
  release: reference => library.check('descriptor', 'dnnl_memory_desc_destroy', reference),
  // Version 2 counts the shift among the inputs of batch norm's gradient, which does not read it.
  takes: (kind, argument) => kind !== 'batchNormalizationBackward' || argument !== ARG.shift,
  appendEltwise: (where, chain, algorithm, alpha, beta) =>
    library.check(where, 'dnnl_post_ops_append_eltwise', chain, algorithm, alpha, beta),
  describe: (kind, values, { where, engine, attributes, hint }) => {
    const own = VALUES[kind]?.(values) ?? values
    const hints = kind.includes('Backward') ? [hint] : []
    return library.make(where, creatorOf(kind), engine, ...own, ...hints, attributes)
  },
})
