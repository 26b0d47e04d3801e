/** The messages of ONNX (onnx.proto), as far as they are read; what is not listed is skipped. */

import {
  bytes,
  float,
  int,
  type Kind,
  type Message,
  many,
  message,
  numbers,
  one,
  text,
} from './schema.ts'
import { WIRE } from './wire.ts'

type Maybe<T> = T | undefined

export interface EntryProto {
  readonly key: Maybe<string>
  readonly value: Maybe<string>
}
const entry: Kind<EntryProto> = message(() => ({ key: one(1, text), value: one(2, text) }))

export interface TensorProto {
  readonly dims: readonly number[]
  readonly data_type: Maybe<number>
  readonly segment: Maybe<Uint8Array>
  readonly float_data: readonly Uint8Array[]
  readonly int32_data: readonly Uint8Array[]
  readonly string_data: readonly Uint8Array[]
  readonly int64_data: readonly Uint8Array[]
  readonly name: Maybe<string>
  readonly raw_data: Maybe<Uint8Array>
  readonly double_data: readonly Uint8Array[]
  readonly uint64_data: readonly Uint8Array[]
  readonly external_data: readonly EntryProto[]
  readonly data_location: Maybe<number>
}
const tensor: Kind<TensorProto> = message(() => ({
  dims: many(1, int),
  data_type: one(2, int),
  segment: one(3, bytes),
  float_data: many(4, numbers(WIRE.four)),
  int32_data: many(5, numbers(WIRE.varint)),
  string_data: many(6, bytes),
  int64_data: many(7, numbers(WIRE.varint)),
  name: one(8, text),
  raw_data: one(9, bytes),
  double_data: many(10, numbers(WIRE.eight)),
  uint64_data: many(11, numbers(WIRE.varint)),
  external_data: many(13, entry),
  data_location: one(14, int),
}))

export interface DimensionProto {
  readonly dim_value: Maybe<number>
  readonly dim_param: Maybe<string>
}
export interface TensorTypeProto {
  readonly elem_type: Maybe<number>
  readonly shape: Maybe<{ readonly dim: readonly DimensionProto[] }>
}
export interface ValueInfoProto {
  readonly name: Maybe<string>
  readonly type: Maybe<{ readonly tensor_type: Maybe<TensorTypeProto> }>
}
const dimension: Kind<DimensionProto> = message(() => ({
  dim_value: one(1, int),
  dim_param: one(2, text),
}))
const shape: Kind<{ readonly dim: readonly DimensionProto[] }> = message(() => ({
  dim: many(1, dimension),
}))
const tensorType: Kind<TensorTypeProto> = message(() => ({
  elem_type: one(1, int),
  shape: one(2, shape),
}))
const type: Kind<{ readonly tensor_type: Maybe<TensorTypeProto> }> = message(() => ({
  tensor_type: one(1, tensorType),
}))
const valueInfo: Kind<ValueInfoProto> = message(() => ({ name: one(1, text), type: one(2, type) }))

export interface AttributeProto {
  readonly name: Maybe<string>
  readonly ref_attr_name: Maybe<string>
  readonly type: Maybe<number>
  readonly f: Maybe<number>
  readonly i: Maybe<number>
  readonly s: Maybe<Uint8Array>
  readonly t: Maybe<TensorProto>
  readonly g: Maybe<GraphProto>
  readonly floats: readonly number[]
  readonly ints: readonly number[]
  readonly strings: readonly Uint8Array[]
  readonly tensors: readonly TensorProto[]
  readonly graphs: readonly GraphProto[]
}
const attribute: Kind<AttributeProto> = message(() => ({
  name: one(1, text),
  f: one(2, float),
  i: one(3, int),
  s: one(4, bytes),
  t: one(5, tensor),
  g: one(6, graph),
  floats: many(7, float),
  ints: many(8, int),
  strings: many(9, bytes),
  tensors: many(10, tensor),
  graphs: many(11, graph),
  type: one(20, int),
  ref_attr_name: one(21, text),
}))

export interface NodeProto {
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly name: Maybe<string>
  readonly op_type: Maybe<string>
  readonly attribute: readonly AttributeProto[]
  readonly domain: Maybe<string>
}
const node: Kind<NodeProto> = message(() => ({
  input: many(1, text),
  output: many(2, text),
  name: one(3, text),
  op_type: one(4, text),
  attribute: many(5, attribute),
  domain: one(7, text),
}))

export interface GraphProto {
  readonly node: readonly NodeProto[]
  readonly name: Maybe<string>
  readonly initializer: readonly TensorProto[]
  readonly input: readonly ValueInfoProto[]
  readonly output: readonly ValueInfoProto[]
  readonly value_info: readonly ValueInfoProto[]
  readonly sparse_initializer: readonly Uint8Array[]
}
const graph: Kind<GraphProto> = message(() => ({
  node: many(1, node, 'nodes'),
  name: one(2, text),
  initializer: many(5, tensor),
  input: many(11, valueInfo),
  output: many(12, valueInfo),
  value_info: many(13, valueInfo),
  sparse_initializer: many(15, bytes),
}))

export interface OpsetProto {
  readonly domain: Maybe<string>
  readonly version: Maybe<number>
}
const opset: Kind<OpsetProto> = message(() => ({ domain: one(1, text), version: one(2, int) }))

export interface ModelProto {
  readonly ir_version: Maybe<number>
  readonly producer_name: Maybe<string>
  readonly producer_version: Maybe<string>
  readonly graph: Maybe<GraphProto>
  readonly opset_import: readonly OpsetProto[]
  readonly metadata_props: readonly EntryProto[]
}
export const model: Message<ModelProto> = message(() => ({
  ir_version: one(1, int),
  producer_name: one(2, text),
  producer_version: one(3, text),
  graph: one(7, graph),
  opset_import: many(8, opset),
  metadata_props: many(14, entry),
}))
