/** Version 2: descriptors are structs, which we read and hold; operations are described by structs. */

import { BLOCKED } from '../constants.ts'
import type { Argument, FunctionName, Library } from '../library.ts'
import type { Api, Kind, Layout, Reference } from './api.ts'

const DESCRIPTOR_BYTES = 696
/** The largest operation descriptor has 5976. */
const OPERATION_BYTES = 8192

// Byte offsets in dnnl_memory_desc_t.
const DIMS = 8
const TYPE = 104
const PADDED = 112
const OFFSET = 304
const KIND = 312
const STRIDES = 320
const BLOCKS = 416
const BLOCK_SIZES = 424
const BLOCK_AXES = 520

/** The function that writes an operation descriptor, by what it is for. */
const INIT = {
  convolutionForward: 'dnnl_dilated_convolution_forward_desc_init',
  convolutionBackwardData: 'dnnl_dilated_convolution_backward_data_desc_init',
  convolutionBackwardWeights: 'dnnl_dilated_convolution_backward_weights_desc_init',
  poolingForward: 'dnnl_pooling_v2_forward_desc_init',
  poolingBackward: 'dnnl_pooling_v2_backward_desc_init',
  eltwiseForward: 'dnnl_eltwise_forward_desc_init',
  eltwiseBackward: 'dnnl_eltwise_backward_desc_init',
  binary: 'dnnl_binary_desc_init',
  batchNormalizationForward: 'dnnl_batch_normalization_forward_desc_init',
  batchNormalizationBackward: 'dnnl_batch_normalization_backward_desc_init',
  matmul: 'dnnl_matmul_desc_init',
  reduction: 'dnnl_reduction_desc_init',
  softmaxForward: 'dnnl_softmax_forward_desc_init',
  logSoftmaxForward: 'dnnl_logsoftmax_forward_desc_init',
  resamplingForward: 'dnnl_resampling_forward_desc_init',
} as const satisfies Record<Kind, FunctionName>

const layout = (reference: Reference): Layout => {
  const { buffer, byteOffset } = reference as Uint8Array
  const view = new DataView(buffer, byteOffset)
  const int = (at: number): number => view.getInt32(at, true)
  const longs = (at: number, count: number): number[] =>
    Array.from({ length: count }, (_, i) => Number(view.getBigInt64(at + 8 * i, true)))
  const rank = int(0)
  const count = int(BLOCKS)
  const axes = longs(BLOCK_AXES, count)
  return {
    dims: longs(DIMS, rank),
    type: int(TYPE),
    blocked: int(KIND) === BLOCKED,
    padded: longs(PADDED, rank),
    strides: longs(STRIDES, rank),
    offset: longs(OFFSET, 1)[0],
    blocks: longs(BLOCK_SIZES, count).map((size, i) => ({ axis: axes[i], size })),
  }
}

export const v2 = (library: Library): Api => {
  const described = (name: FunctionName, ...values: Argument[]): Uint8Array => {
    const bytes = new Uint8Array(DESCRIPTOR_BYTES)
    library.check('descriptor', name, bytes, ...values)
    return bytes
  }
  return {
    number: ([first]) => first,
    strided: (dims, type, strides) =>
      described('dnnl_memory_desc_init_by_strides', dims.length, dims, type, strides),
    tagged: (dims, type, tag) =>
      described('dnnl_memory_desc_init_by_tag', dims.length, dims, type, tag),
    borrowed: address => library.read(address, DESCRIPTOR_BYTES),
    layout,
    release: () => {},
    takes: () => true,
    appendEltwise: (where, chain, algorithm, alpha, beta) =>
      library.check(where, 'dnnl_post_ops_append_eltwise', chain, 1, algorithm, alpha, beta),
    describe: (kind, values, { where, engine, attributes, hint }) => {
      const operation = new Uint8Array(OPERATION_BYTES)
      library.check(where, INIT[kind], operation, ...values)
      return library.make(where, 'dnnl_primitive_desc_create', operation, attributes, engine, hint)
    },
  }
}
