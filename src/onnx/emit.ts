/** Graph → ONNX model, in standard operators only (opset 17). */

import { EngineError } from '../errors/index.ts'
import { dependencies, type Graph, type Node, type Value } from '../graph/index.ts'
import type { OperationName } from '../ops/table.ts'
import { type Call, collect, type Emitter, type Lowering, type Lowerings } from './emitter.ts'
import { convolution } from './lower/convolution/index.ts'
import { detection } from './lower/detection.ts'
import { elementwise } from './lower/elementwise.ts'
import { matmul } from './lower/matmul.ts'
import { movement } from './lower/movement.ts'
import { normalization } from './lower/normalization.ts'
import { pooling } from './lower/pooling.ts'
import { reductions } from './lower/reductions.ts'
import type { OnnxDType, OnnxModel, OnnxTensor, OnnxValueInfo } from './model.ts'

/** Old enough for every runtime in use, and for WebGPU's kernels. */
const OPSET = 17

const lowerings: Lowerings = {
  ...elementwise,
  ...detection,
  ...reductions,
  ...movement,
  ...matmul,
  ...convolution,
  ...pooling,
  ...normalization,
}

export interface EmitOptions {
  /** Makes the first dimension of every input and output free, under this name. */
  readonly batch?: string | undefined
  /** Inputs that become part of the file, by name. */
  readonly weights?: ReadonlyMap<string, Float32Array>
  /** Key-value pairs that the file carries. */
  readonly metadata?: Readonly<Record<string, string>>
}

/** An output's name in the file: its own, or `next_…` where an input has the same. */
export const outputName = ({ inputs }: Pick<Graph, 'inputs'>, name: string): string =>
  inputs.some(input => input.name === name) ? `next_${name}` : name

/** The model of a graph. */
export const emit = (
  { inputs: given, nodes, outputs }: Graph,
  { batch, weights = new Map(), metadata = {} }: EmitOptions = {},
): OnnxModel => {
  const collected = collect()
  const inputs = given.filter(({ name = '' }) => !weights.has(name))
  const names = new Map<Value, string>(given.map(value => [value, value.name ?? '']))
  const nameOf = (value: Value): string => {
    const name = names.get(value)
    if (name === undefined)
      throw new EngineError({
        where: 'onnx',
        expected: 'producers before consumers',
        got: 'a loop',
      })
    return name
  }
  const write = ({ op, path, inputs, outputs, attributes }: Node): void => {
    collected.at(path === '' ? op : `${path}/${op}`)
    const lower = lowerings[op as OperationName] as Lowering<object>
    const call: Call<object> = { names: inputs.map(nameOf), inputs, outputs, attributes }
    for (const [i, name] of lower(emitter, call).entries()) names.set(outputs[i], name)
  }
  const emitter: Emitter = {
    ...collected.emitter,
    formula: values => {
      const { nodes } = dependencies(values)
      for (const node of nodes) if (node.outputs.some(value => !names.has(value))) write(node)
      return values.map(nameOf)
    },
  }
  for (const node of nodes) write(node)
  const info = (name: string, { dtype, shape }: Value): OnnxValueInfo => ({
    name,
    dtype: dtype as OnnxDType,
    shape: batch === undefined || shape.length === 0 ? shape : [batch, ...shape.slice(1)],
  })
  collected.at('output')
  const named = Object.entries(outputs).map(([own, value]) => {
    const name = outputName({ inputs }, own)
    const made = collected.emitter.node('Identity', [nameOf(value)])
    const identity = collected.nodes[collected.nodes.length - 1]
    collected.nodes[collected.nodes.length - 1] = {
      ...identity,
      outputs: identity.outputs.map(output => (output === made ? name : output)),
    }
    return info(name, value)
  })
  return {
    opset: OPSET,
    metadata,
    graph: {
      name: 'excite',
      nodes: collected.nodes,
      initializers: [
        ...collected.initializers,
        ...given.flatMap(({ name = '', shape }): OnnxTensor[] => {
          const data = weights.get(name)
          return data === undefined ? [] : [{ name, dtype: 'float32', dims: shape, data }]
        }),
      ],
      inputs: inputs.map(value => info(value.name ?? '', value)),
      outputs: named,
    },
  }
}
