/** Types of elements in ONNX files: their numbers, names, and how their bytes are laid out. */

import { half } from '../../tensor/float16.ts'

/** How a field of numbers is laid out; `raw` is little-endian, without gaps. */
export type Store = 'float_data' | 'int32_data' | 'int64_data' | 'double_data' | 'uint64_data'

export interface Format {
  readonly name: string
  /** Of one element in raw data. */
  readonly bits: number
  readonly store: Store | 'string_data'
  /** Numbers an element has in its typed field, or elements a number. */
  readonly perElement?: number
  at?(view: DataView, offset: number): number
}

const wide = (value: bigint): number => Number(value)

/** The upper half of a float32. */
export const bfloat16 = (bits: number): number => {
  const view = new DataView(new ArrayBuffer(4))
  view.setUint16(0, bits)
  return view.getFloat32(0)
}

/** TensorProto.DataType by number; an element without `at` is not decoded. */
export const FORMATS: Readonly<Record<number, Format>> = {
  1: { name: 'float32', bits: 32, store: 'float_data', at: (v, o) => v.getFloat32(o, true) },
  2: { name: 'uint8', bits: 8, store: 'int32_data', at: (v, o) => v.getUint8(o) },
  3: { name: 'int8', bits: 8, store: 'int32_data', at: (v, o) => v.getInt8(o) },
  4: { name: 'uint16', bits: 16, store: 'int32_data', at: (v, o) => v.getUint16(o, true) },
  5: { name: 'int16', bits: 16, store: 'int32_data', at: (v, o) => v.getInt16(o, true) },
  6: { name: 'int32', bits: 32, store: 'int32_data', at: (v, o) => v.getInt32(o, true) },
  7: { name: 'int64', bits: 64, store: 'int64_data', at: (v, o) => wide(v.getBigInt64(o, true)) },
  8: { name: 'string', bits: 0, store: 'string_data' },
  9: { name: 'bool', bits: 8, store: 'int32_data', at: (v, o) => v.getUint8(o) },
  10: { name: 'float16', bits: 16, store: 'int32_data', at: (v, o) => half(v.getUint16(o, true)) },
  11: { name: 'float64', bits: 64, store: 'double_data', at: (v, o) => v.getFloat64(o, true) },
  12: { name: 'uint32', bits: 32, store: 'uint64_data', at: (v, o) => v.getUint32(o, true) },
  13: {
    name: 'uint64',
    bits: 64,
    store: 'uint64_data',
    at: (v, o) => wide(v.getBigUint64(o, true)),
  },
  14: { name: 'complex64', bits: 64, store: 'float_data', perElement: 2 },
  15: { name: 'complex128', bits: 128, store: 'double_data', perElement: 2 },
  16: {
    name: 'bfloat16',
    bits: 16,
    store: 'int32_data',
    at: (v, o) => bfloat16(v.getUint16(o, true)),
  },
  17: { name: 'float8e4m3fn', bits: 8, store: 'int32_data' },
  18: { name: 'float8e4m3fnuz', bits: 8, store: 'int32_data' },
  19: { name: 'float8e5m2', bits: 8, store: 'int32_data' },
  20: { name: 'float8e5m2fnuz', bits: 8, store: 'int32_data' },
  21: { name: 'uint4', bits: 4, store: 'int32_data', perElement: 0.5 },
  22: { name: 'int4', bits: 4, store: 'int32_data', perElement: 0.5 },
  23: { name: 'float4e2m1', bits: 4, store: 'int32_data', perElement: 0.5 },
  24: { name: 'float8e8m0', bits: 8, store: 'int32_data' },
}

/** The name of a type by its number; undefined for one that is not known. */
export const dtypeName = (code: number): string | undefined =>
  Object.hasOwn(FORMATS, code) ? FORMATS[code].name : undefined

/** The number of a type by its name. */
export const dtypeCode = (dtype: string): number =>
  Number(Object.keys(FORMATS).find(code => FORMATS[Number(code)].name === dtype))
