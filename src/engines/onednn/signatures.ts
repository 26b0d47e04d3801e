/**
 * The functions of oneDNN's C API that we call: result and parameters, in koffi's words. `void *`
 * takes a typed array or an address, `uintptr_t` an address.
 */

type Signatures = Readonly<Record<string, readonly [result: string, parameters: readonly string[]]>>

const pointers = (count: number): string[] => new Array<string>(count).fill('void *')

/** Functions alike in both versions; a memory descriptor is a struct in the first, an object in the other. */
export const COMMON = {
  dnnl_engine_create: ['int', ['void *', 'int', 'size_t']],
  dnnl_stream_create: ['int', ['void *', 'uintptr_t', 'uint']],
  dnnl_stream_wait: ['int', ['uintptr_t']],
  dnnl_memory_desc_get_size: ['size_t', ['void *']],
  dnnl_memory_create: ['int', ['void *', 'void *', 'uintptr_t', 'uintptr_t']],
  dnnl_memory_destroy: ['int', ['uintptr_t']],
  dnnl_primitive_attr_create: ['int', ['void *']],
  dnnl_primitive_attr_destroy: ['int', ['uintptr_t']],
  dnnl_primitive_attr_set_scratchpad_mode: ['int', ['uintptr_t', 'int']],
  dnnl_primitive_attr_set_post_ops: ['int', ['uintptr_t', 'uintptr_t']],
  dnnl_post_ops_create: ['int', ['void *']],
  dnnl_post_ops_destroy: ['int', ['uintptr_t']],
  dnnl_post_ops_append_binary: ['int', ['uintptr_t', 'int', 'void *']],
  dnnl_primitive_desc_query_md: ['uintptr_t', ['uintptr_t', 'int', 'int']],
  dnnl_primitive_desc_destroy: ['int', ['uintptr_t']],
  dnnl_primitive_create: ['int', ['void *', 'uintptr_t']],
  dnnl_primitive_destroy: ['int', ['uintptr_t']],
  dnnl_primitive_execute: ['int', ['uintptr_t', 'uintptr_t', 'int', 'void *']],
  dnnl_reorder_primitive_desc_create: [
    'int',
    ['void *', 'void *', 'uintptr_t', 'void *', 'uintptr_t', 'uintptr_t'],
  ],
} as const satisfies Signatures

/** An operation descriptor is written first, and a primitive descriptor is made from it. */
export const V2 = {
  dnnl_memory_desc_init_by_strides: ['int', ['void *', 'int', 'void *', 'int', 'void *']],
  dnnl_memory_desc_init_by_tag: ['int', ['void *', 'int', 'void *', 'int', 'int']],
  dnnl_post_ops_append_eltwise: ['int', ['uintptr_t', 'float', 'int', 'float', 'float']],
  dnnl_primitive_desc_create: ['int', ['void *', 'void *', 'uintptr_t', 'uintptr_t', 'uintptr_t']],
  dnnl_dilated_convolution_forward_desc_init: ['int', ['void *', 'int', 'int', ...pointers(8)]],
  dnnl_dilated_convolution_backward_data_desc_init: ['int', ['void *', 'int', ...pointers(7)]],
  dnnl_dilated_convolution_backward_weights_desc_init: ['int', ['void *', 'int', ...pointers(8)]],
  dnnl_pooling_v2_forward_desc_init: ['int', ['void *', 'int', 'int', ...pointers(7)]],
  dnnl_pooling_v2_backward_desc_init: ['int', ['void *', 'int', ...pointers(7)]],
  dnnl_eltwise_forward_desc_init: ['int', ['void *', 'int', 'int', 'void *', 'float', 'float']],
  dnnl_eltwise_backward_desc_init: ['int', ['void *', 'int', ...pointers(2), 'float', 'float']],
  dnnl_binary_desc_init: ['int', ['void *', 'int', ...pointers(3)]],
  dnnl_batch_normalization_forward_desc_init: ['int', ['void *', 'int', 'void *', 'float', 'uint']],
  dnnl_batch_normalization_backward_desc_init: [
    'int',
    ['void *', 'int', ...pointers(2), 'float', 'uint'],
  ],
  dnnl_matmul_desc_init: ['int', pointers(5)],
  dnnl_reduction_desc_init: ['int', ['void *', 'int', ...pointers(2), 'float', 'float']],
  dnnl_softmax_forward_desc_init: ['int', ['void *', 'int', 'void *', 'int']],
  dnnl_logsoftmax_forward_desc_init: ['int', ['void *', 'int', 'void *', 'int']],
  dnnl_resampling_forward_desc_init: ['int', ['void *', 'int', 'int', ...pointers(3)]],
} as const satisfies Signatures

/** What makes a primitive descriptor: where to, engine, its own values, a hint, attributes. */
const makes = (values: readonly string[], hint = false): readonly [string, readonly string[]] => [
  'int',
  ['void *', 'uintptr_t', ...values, ...(hint ? ['uintptr_t'] : []), 'uintptr_t'],
]

export const V3 = {
  dnnl_memory_desc_create_with_strides: ['int', ['void *', 'int', 'void *', 'int', 'void *']],
  dnnl_memory_desc_create_with_tag: ['int', ['void *', 'int', 'void *', 'int', 'int']],
  dnnl_memory_desc_destroy: ['int', ['uintptr_t']],
  dnnl_memory_desc_query: ['int', ['uintptr_t', 'int', 'void *']],
  dnnl_post_ops_append_eltwise: ['int', ['uintptr_t', 'int', 'float', 'float']],
  dnnl_convolution_forward_primitive_desc_create: makes(['int', 'int', ...pointers(8)]),
  dnnl_convolution_backward_data_primitive_desc_create: makes(['int', ...pointers(7)], true),
  dnnl_convolution_backward_weights_primitive_desc_create: makes(['int', ...pointers(8)], true),
  dnnl_pooling_forward_primitive_desc_create: makes(['int', 'int', ...pointers(7)]),
  dnnl_pooling_backward_primitive_desc_create: makes(['int', ...pointers(7)], true),
  dnnl_eltwise_forward_primitive_desc_create: makes([
    'int',
    'int',
    ...pointers(2),
    'float',
    'float',
  ]),
  dnnl_eltwise_backward_primitive_desc_create: makes(
    ['int', ...pointers(3), 'float', 'float'],
    true,
  ),
  dnnl_binary_primitive_desc_create: makes(['int', ...pointers(3)]),
  dnnl_batch_normalization_forward_primitive_desc_create: makes([
    'int',
    ...pointers(2),
    'float',
    'uint',
  ]),
  dnnl_batch_normalization_backward_primitive_desc_create: makes(
    ['int', ...pointers(3), 'float', 'uint'],
    true,
  ),
  dnnl_matmul_primitive_desc_create: makes(pointers(4)),
  dnnl_reduction_primitive_desc_create: makes(['int', ...pointers(2), 'float', 'float']),
  dnnl_softmax_forward_primitive_desc_create: makes(['int', 'int', ...pointers(2), 'int']),
  dnnl_resampling_forward_primitive_desc_create: makes(['int', 'int', ...pointers(3)]),
} as const satisfies Signatures

export type FunctionName = keyof typeof COMMON | keyof typeof V2 | keyof typeof V3

/** The functions of a major version. */
export const signaturesOf = (major: number): Signatures => ({
  ...COMMON,
  ...(major === 2 ? V2 : V3),
})
