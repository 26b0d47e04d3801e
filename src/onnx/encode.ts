/** ONNX models as bytes. */

import { dtypeCode } from './format/dtypes.ts'
import {
  ATTRIBUTE_TYPES,
  type AttributeProto,
  model as modelMessage,
  type TensorProto,
  type ValueInfoProto,
} from './format/messages.ts'
import type { Written } from './format/schema.ts'
import type { OnnxAttribute, OnnxModel, OnnxTensor, OnnxValueInfo } from './model.ts'

const IR_VERSION = 8

const utf8 = new TextEncoder()

const attributeProto = ([name, value]: [string, OnnxAttribute]): Written<AttributeProto> => {
  if (typeof value === 'number') return { name, i: value, type: ATTRIBUTE_TYPES.i }
  if (typeof value === 'string') return { name, s: utf8.encode(value), type: ATTRIBUTE_TYPES.s }
  if ('float' in value) return { name, f: value.float, type: ATTRIBUTE_TYPES.f }
  return { name, ints: value, type: ATTRIBUTE_TYPES.ints }
}

const tensorProto = ({ name, dtype, dims, data }: OnnxTensor): Written<TensorProto> => ({
  dims,
  data_type: dtypeCode(dtype),
  name,
  raw_data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
})

const valueProto = ({ name, dtype, shape }: OnnxValueInfo): Written<ValueInfoProto> => {
  const dim = shape.map(size =>
    typeof size === 'number' ? { dim_value: size } : { dim_param: size },
  )
  return { name, type: { tensor_type: { elem_type: dtypeCode(dtype), shape: { dim } } } }
}

/** The bytes of a `.onnx` file. */
export const encodeModel = ({ graph, opset, metadata }: OnnxModel): Uint8Array =>
  modelMessage.encode({
    ir_version: IR_VERSION,
    producer_name: 'excite',
    graph: {
      node: graph.nodes.map(({ opType, name, inputs, outputs, attributes }) => ({
        input: inputs,
        output: outputs,
        name,
        op_type: opType,
        attribute: Object.entries(attributes).map(attributeProto),
      })),
      name: graph.name,
      initializer: graph.initializers.map(tensorProto),
      input: graph.inputs.map(valueProto),
      output: graph.outputs.map(valueProto),
    },
    opset_import: [{ domain: '', version: opset }],
    metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  })
