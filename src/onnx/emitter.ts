/** Collects ONNX nodes and initializers under unique names; what lowerings write with. */

import type { Shape, Value } from '../graph/index.ts'
import type { AttributesOf, OperationName } from '../ops/table.ts'
import type { OnnxAttribute, OnnxDType, OnnxNode, OnnxTensor } from './model.ts'

export type Attributes = Readonly<Record<string, OnnxAttribute>>

export interface Emitter {
  /** Adds a node with one output and returns the output's name. */
  node(opType: string, inputs: readonly string[], attributes?: Attributes): string
  /** Adds a node with several outputs. */
  nodes(opType: string, inputs: readonly string[], count: number, attributes?: Attributes): string[]
  /** An int64 vector: shapes, axes, sizes. */
  int64s(values: readonly number[]): string
  floats(values: readonly number[], shape: Shape): string
  ints(values: readonly number[], shape: Shape): string
  bytes(values: readonly number[], shape: Shape): string
  bools(values: readonly number[], shape: Shape): string
  /** A number that no other call returns. */
  fresh(): number
  /** Adds what computes values of those known already, such as the call's inputs; returns their names. */
  formula(values: readonly Value[]): string[]
}

/** One operation to be lowered. */
export interface Call<Attributes> {
  /** Names of the inputs. */
  readonly names: readonly string[]
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly attributes: Attributes
}

/** Writes an operation as ONNX nodes; returns the names of its outputs. */
export type Lowering<Attributes> = (emit: Emitter, call: Call<Attributes>) => readonly string[]

/** A lowering for every operation: an incomplete table does not compile. */
export type Lowerings = {
  readonly [Name in OperationName]: Lowering<AttributesOf<Name>>
}

export interface Collected {
  readonly emitter: Omit<Emitter, 'formula'>
  readonly nodes: OnnxNode[]
  readonly initializers: OnnxTensor[]
  /** The layer path that names the following nodes. */
  at(path: string): void
}

export const collect = (): Collected => {
  const nodes: OnnxNode[] = []
  const initializers: OnnxTensor[] = []
  const known = new Map<string, string>()
  let path = ''
  let values = 0
  const constant = (dtype: OnnxDType, dims: Shape, data: OnnxTensor['data']): string => {
    const key = data.length <= 64 ? `${dtype} ${dims.join()} ${data.join()}` : undefined
    const same = key === undefined ? undefined : known.get(key)
    if (same !== undefined) return same
    const name = `constant_${initializers.length}`
    initializers.push({ name, dtype, dims, data })
    if (key !== undefined) known.set(key, name)
    return name
  }
  const emitter: Collected['emitter'] = {
    node: (opType, inputs, attributes) => emitter.nodes(opType, inputs, 1, attributes)[0],
    nodes: (opType, inputs, count, attributes = {}) => {
      const outputs = Array.from({ length: count }, () => `value_${values++}`)
      const name = `${path}${path === '' ? '' : '/'}${opType}_${nodes.length}`
      nodes.push({ opType, name, inputs, outputs, attributes })
      return outputs
    },
    int64s: list => constant('int64', [list.length], BigInt64Array.from(list, BigInt)),
    floats: (list, shape) => constant('float32', shape, Float32Array.from(list)),
    ints: (list, shape) => constant('int32', shape, Int32Array.from(list)),
    bytes: (list, shape) => constant('uint8', shape, Uint8Array.from(list)),
    bools: (list, shape) => constant('bool', shape, Uint8Array.from(list)),
    fresh: () => values++,
  }
  return {
    emitter,
    nodes,
    initializers,
    at: next => {
      path = next
    },
  }
}
