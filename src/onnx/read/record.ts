/** An ONNX model as plain data, after its file was read and checked. */

import type { OnnxFileTensor } from './tensor.ts'

/** A number, the name of one that is known at run time only, or neither. */
export type Dimension = number | string | undefined

export interface FileValue {
  readonly name: string
  /** Undefined for what is no tensor, or of no stated type. */
  readonly dtype: string | undefined
  /** Undefined where not even the number of dimensions is known. */
  readonly shape: readonly Dimension[] | undefined
}

export type FileAttribute =
  | { readonly kind: 'float' | 'int'; readonly value: number }
  | { readonly kind: 'floats' | 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'string'; readonly value: Uint8Array }
  | { readonly kind: 'strings'; readonly value: readonly Uint8Array[] }
  | { readonly kind: 'tensor'; readonly value: OnnxFileTensor }
  | { readonly kind: 'tensors'; readonly value: readonly OnnxFileTensor[] }
  | { readonly kind: 'graph'; readonly value: FileGraph }
  | { readonly kind: 'graphs'; readonly value: readonly FileGraph[] }
  /** Of a type that is not read: sparse tensors and types. */
  | { readonly kind: 'other' }

export interface FileNode {
  readonly name: string
  readonly opType: string
  /** `''` for ONNX's own operators. */
  readonly domain: string
  /** Names of values; `''` for an optional one that is left out. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: ReadonlyMap<string, FileAttribute>
}

export interface FileGraph {
  readonly name: string
  /** Each after those whose values it takes. */
  readonly nodes: readonly FileNode[]
  /** Without those that have an initializer. */
  readonly inputs: readonly FileValue[]
  readonly outputs: readonly FileValue[]
  readonly initializers: ReadonlyMap<string, OnnxFileTensor>
  /** What the file says of values in between. */
  readonly values: ReadonlyMap<string, FileValue>
}

export interface FileModel {
  readonly irVersion: number
  /** Who wrote the file, such as `pytorch 2.9.1`; empty where it does not say. */
  readonly producer: string
  /** Versions of operator sets by domain; `''` is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>
  readonly metadata: ReadonlyMap<string, string>
  /** How many local functions the file has; each stands in the graph in the place of its calls. */
  readonly functions: number
  readonly graph: FileGraph
}
