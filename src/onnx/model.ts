/** The parts of an ONNX file that Excite writes (onnx.proto, IR version 8). */

export type OnnxAttribute = number | string | readonly number[] | { readonly float: number }

export interface OnnxNode {
  readonly opType: string
  readonly name: string
  /** Names of values; `''` for an optional one that is left out. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** Whole numbers and lists of them, strings, and floats marked as such. */
  readonly attributes: Readonly<Record<string, OnnxAttribute>>
}

export type OnnxDType = 'float32' | 'float16' | 'int32' | 'int64' | 'int8' | 'uint8' | 'bool'

export interface OnnxTensor {
  readonly name: string
  readonly dtype: OnnxDType
  readonly dims: readonly number[]
  /** Half precision as its bits. */
  readonly data: Float32Array | Uint16Array | Int32Array | BigInt64Array | Int8Array | Uint8Array
}

export interface OnnxValueInfo {
  readonly name: string
  readonly dtype: OnnxDType
  /** A string is a dimension that is known at run time only, such as `N`. */
  readonly shape: readonly (number | string)[]
}

export interface OnnxGraph {
  readonly name: string
  readonly nodes: readonly OnnxNode[]
  readonly initializers: readonly OnnxTensor[]
  readonly inputs: readonly OnnxValueInfo[]
  readonly outputs: readonly OnnxValueInfo[]
}

export interface OnnxModel {
  readonly graph: OnnxGraph
  readonly opset: number
  readonly metadata: Readonly<Record<string, string>>
}
