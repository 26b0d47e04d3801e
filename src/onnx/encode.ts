/** ONNX models as bytes; field numbers from onnx.proto. */

import { PbfWriter } from 'pbf'
import {
  DATA_TYPES,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValueInfo,
} from './model.ts'

const IR_VERSION = 8
/** AttributeProto.AttributeType */
const ATTRIBUTE = { float: 1, int: 2, string: 3, ints: 7 }

const utf8 = new TextEncoder()

const strings = (pbf: PbfWriter, tag: number, values: readonly string[]): void => {
  for (const value of values) pbf.writeStringField(tag, value)
}

const writeAttribute = ([name, value]: [string, OnnxAttribute], pbf: PbfWriter): void => {
  pbf.writeStringField(1, name)
  if (typeof value === 'number') {
    pbf.writeVarintField(3, value)
    pbf.writeVarintField(20, ATTRIBUTE.int)
  } else if (typeof value === 'string') {
    pbf.writeBytesField(4, utf8.encode(value))
    pbf.writeVarintField(20, ATTRIBUTE.string)
  } else if ('float' in value) {
    pbf.writeFloatField(2, value.float)
    pbf.writeVarintField(20, ATTRIBUTE.float)
  } else {
    for (const item of value) pbf.writeVarintField(8, item)
    pbf.writeVarintField(20, ATTRIBUTE.ints)
  }
}

const writeNode = (
  { opType, name, inputs, outputs, attributes }: OnnxNode,
  pbf: PbfWriter,
): void => {
  strings(pbf, 1, inputs)
  strings(pbf, 2, outputs)
  pbf.writeStringField(3, name)
  pbf.writeStringField(4, opType)
  for (const entry of Object.entries(attributes)) pbf.writeMessage(5, writeAttribute, entry)
}

const writeTensor = ({ name, dtype, dims, data }: OnnxTensor, pbf: PbfWriter): void => {
  for (const dimension of dims) pbf.writeVarintField(1, dimension)
  pbf.writeVarintField(2, DATA_TYPES[dtype])
  pbf.writeStringField(8, name)
  pbf.writeBytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
}

const writeDimension = (dimension: number | string, pbf: PbfWriter): void => {
  if (typeof dimension === 'number') pbf.writeVarintField(1, dimension)
  else pbf.writeStringField(2, dimension)
}

const writeShape = (shape: OnnxValueInfo['shape'], pbf: PbfWriter): void => {
  for (const dimension of shape) pbf.writeMessage(1, writeDimension, dimension)
}

const writeTensorType = ({ dtype, shape }: OnnxValueInfo, pbf: PbfWriter): void => {
  pbf.writeVarintField(1, DATA_TYPES[dtype])
  pbf.writeMessage(2, writeShape, shape)
}

const writeType = (info: OnnxValueInfo, pbf: PbfWriter): void => {
  pbf.writeMessage(1, writeTensorType, info)
}

const writeValueInfo = (info: OnnxValueInfo, pbf: PbfWriter): void => {
  pbf.writeStringField(1, info.name)
  pbf.writeMessage(2, writeType, info)
}

const writeGraph = (
  { name, nodes, initializers, inputs, outputs }: OnnxGraph,
  pbf: PbfWriter,
): void => {
  for (const node of nodes) pbf.writeMessage(1, writeNode, node)
  pbf.writeStringField(2, name)
  for (const tensor of initializers) pbf.writeMessage(5, writeTensor, tensor)
  for (const info of inputs) pbf.writeMessage(11, writeValueInfo, info)
  for (const info of outputs) pbf.writeMessage(12, writeValueInfo, info)
}

const writeOpset = (version: number, pbf: PbfWriter): void => {
  pbf.writeStringField(1, '')
  pbf.writeVarintField(2, version)
}

const writeEntry = ([key, value]: [string, string], pbf: PbfWriter): void => {
  pbf.writeStringField(1, key)
  pbf.writeStringField(2, value)
}

/** The bytes of a `.onnx` file. */
export const encodeModel = ({ graph, opset, metadata }: OnnxModel): Uint8Array => {
  const pbf = new PbfWriter()
  pbf.writeVarintField(1, IR_VERSION)
  pbf.writeStringField(2, 'excite')
  pbf.writeMessage(7, writeGraph, graph)
  pbf.writeMessage(8, writeOpset, opset)
  for (const entry of Object.entries(metadata)) pbf.writeMessage(14, writeEntry, entry)
  return pbf.finish()
}
