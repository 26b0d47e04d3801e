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

interface Making {
  readonly name: FunctionName
  /** Its values from ours. */
  readonly from?: (values: readonly Argument[]) => readonly Argument[]
  /** Takes a hint. */
  readonly backward?: true
}

/** The values with one of them twice: what it gives looks like what it takes. */
const twice = (at: number) => (values: readonly Argument[]) => values.toSpliced(at, 0, values[at])

const softmax = (algorithm: number): Making => ({
  name: 'dnnl_softmax_forward_primitive_desc_create',
  from: ([prop, x, axis]) => [prop, algorithm, x, x, axis],
})

/** The function that makes a primitive descriptor, by what it is for. */
const CREATE: Readonly<Record<Kind, Making>> = {
  convolutionForward: { name: 'dnnl_convolution_forward_primitive_desc_create' },
  convolutionBackwardData: {
    name: 'dnnl_convolution_backward_data_primitive_desc_create',
    backward: true,
  },
  convolutionBackwardWeights: {
    name: 'dnnl_convolution_backward_weights_primitive_desc_create',
    backward: true,
  },
  poolingForward: { name: 'dnnl_pooling_forward_primitive_desc_create' },
  poolingBackward: { name: 'dnnl_pooling_backward_primitive_desc_create', backward: true },
  eltwiseForward: { name: 'dnnl_eltwise_forward_primitive_desc_create', from: twice(2) },
  eltwiseBackward: {
    name: 'dnnl_eltwise_backward_primitive_desc_create',
    from: twice(1),
    backward: true,
  },
  binary: { name: 'dnnl_binary_primitive_desc_create' },
  batchNormalizationForward: {
    name: 'dnnl_batch_normalization_forward_primitive_desc_create',
    from: twice(1),
  },
  batchNormalizationBackward: {
    name: 'dnnl_batch_normalization_backward_primitive_desc_create',
    from: twice(1),
    backward: true,
  },
  matmul: { name: 'dnnl_matmul_primitive_desc_create' },
  reduction: { name: 'dnnl_reduction_primitive_desc_create' },
  softmaxForward: softmax(SOFTMAX.accurate),
  logSoftmaxForward: softmax(SOFTMAX.log),
  resamplingForward: { name: 'dnnl_resampling_forward_primitive_desc_create' },
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
  appendSum: (where, chain, scale) =>
    library.check(where, 'dnnl_post_ops_append_sum', chain, scale, 0, 0),
  describe: (kind, values, { where, engine, attributes, hint }) => {
    const { name, from = given => given, backward } = CREATE[kind]
    const hints = backward ? [hint] : []
    return library.make(where, name, engine, ...from(values), ...hints, attributes)
  },
})
