/** The messages of ONNX (onnx.proto), as far as they are read or written; what is not listed is skipped. */

import {
  bytes,
  float,
  int,
  type Kind,
  many,
  message,
  numbers,
  one,
  type Proto,
  text,
} from './schema.ts'
import { WIRE } from './wire.ts'

type Maybe<T> = T | undefined

const entry = message(() => ({ key: one(1, text), value: one(2, text) }))

const tensor = message(() => ({
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
export type TensorProto = Proto<typeof tensor>

const dimension = message(() => ({ dim_value: one(1, int), dim_param: one(2, text) }))
const shape = message(() => ({ dim: many(1, dimension) }))
const tensorType = message(() => ({ elem_type: one(1, int), shape: one(2, shape) }))
const type = message(() => ({ tensor_type: one(1, tensorType) }))
const valueInfo = message(() => ({ name: one(1, text), type: one(2, type) }))
export type ValueInfoProto = Proto<typeof valueInfo>

/** An attribute: one that has graphs, and so is not told by its table. */
export interface AttributeProto {
  readonly name: Maybe<string>
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
  readonly type: Maybe<number>
  /** In a function: the attribute of the call that this one is. */
  readonly ref_attr_name: Maybe<string>
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

/** AttributeProto.AttributeType by the field that holds the value. */
export const ATTRIBUTE_TYPES = {
  f: 1,
  i: 2,
  s: 3,
  t: 4,
  g: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  tensors: 9,
  graphs: 10,
} as const satisfies Partial<Record<keyof AttributeProto, number>>

const node = message(() => ({
  input: many(1, text),
  output: many(2, text),
  name: one(3, text),
  op_type: one(4, text),
  attribute: many(5, attribute),
  domain: one(7, text),
  overload: one(8, text),
}))
export type NodeProto = Proto<typeof node>

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

const opset = message(() => ({ domain: one(1, text), version: one(2, int) }))

const localFunction = message(() => ({
  name: one(1, text),
  input: many(4, text),
  output: many(5, text),
  /** Names of attributes without a default. */
  attribute: many(6, text),
  node: many(7, node, 'nodes'),
  opset_import: many(9, opset),
  domain: one(10, text),
  attribute_proto: many(11, attribute),
  overload: one(13, text),
}))
export type FunctionProto = Proto<typeof localFunction>

export const model = message(() => ({
  ir_version: one(1, int),
  producer_name: one(2, text),
  producer_version: one(3, text),
  graph: one(7, graph),
  opset_import: many(8, opset),
  metadata_props: many(14, entry),
  functions: many(25, localFunction),
}))
export type ModelProto = Proto<typeof model>
