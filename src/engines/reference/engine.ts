/** The reference engine: every type of float in float64, by loops that read like the formulas; the oracle of every test. */

import { isFloat, type Value } from '../../graph/index.ts'
import type { OperationName } from '../../ops/table.ts'
import { conditionalState } from '../../passes/conditionalState.ts'
import { numbersOf } from '../../tensor/numbers.ts'
import type { AllReduce, Engine, Tensor, Tensors } from '../engine.ts'
import { withLifetime } from '../lifetime.ts'
import { constantTensors, keepState } from '../state.ts'
import { detection } from './detection.ts'
import { elementwise } from './elementwise.ts'
import type { Kernel, Kernels, Numbers } from './kernel.ts'
import { movement } from './movement.ts'
import { normalization } from './normalization.ts'
import { pooling } from './pooling.ts'
import { products } from './products.ts'
import { reductions } from './reductions.ts'

/** The loops of all operations. */
export const referenceKernels: Kernels = {
  ...elementwise,
  ...detection,
  ...movement,
  ...reductions,
  ...products,
  ...pooling,
  ...normalization,
}

/** Floats of every type come back in float64, as they were computed. */
const tensorOf = ({ dtype, shape }: Value, data: Numbers): Tensor => {
  if (isFloat(dtype)) return { dtype: 'float64', shape, data: data.slice() }
  return { dtype, shape, data: dtype === 'int32' ? Int32Array.from(data) : Uint8Array.from(data) }
}

/** Adds up over the processes; what they exchange is float32. */
const addUp = async (values: readonly Numbers[], allReduce?: AllReduce): Promise<void> => {
  if (allReduce === undefined) return
  const singles = values.map(numbers => Float32Array.from(numbers))
  await allReduce(singles)
  for (const [i, numbers] of values.entries()) numbers.set(singles[i])
}

/** An engine that computes node after node in float64, by a kernel for each operation. */
export const interpreter = (name: string, kernels: Kernels): Engine => ({
  name,
  version: async () => 'float64',
  compile: async (given, { state = [], constants, allReduce } = {}) => {
    const { graph, condition } = conditionalState(given, state)
    const constant = constantTensors(graph, constants)
    const inputs = graph.inputs.filter(({ name = '' }) => !(name in constant))
    const run = async (fed: Tensors): Promise<Tensors> => {
      const tensors = { ...fed, ...constant }
      const known = new Map<Value, Numbers>(
        graph.inputs.map(value => [value, numbersOf(tensors[value.name ?? ''].data, value.dtype)]),
      )
      const valuesOf = (value: Value): Numbers => known.get(value) ?? new Float64Array()
      for (const { op, inputs, outputs, attributes } of graph.nodes) {
        const kernel = kernels[op as OperationName] as Kernel<object>
        const results = kernel({
          inputs: inputs.map(valuesOf),
          shapes: inputs.map(({ shape }) => shape),
          outputs,
          attributes,
        })
        if (op === 'allReduce') await addUp(results, allReduce)
        for (const [i, output] of outputs.entries()) known.set(output, results[i])
      }
      return Object.fromEntries(
        Object.entries(graph.outputs).map(([name, value]): [string, Tensor] => [
          name,
          tensorOf(value, valuesOf(value)),
        ]),
      )
    }
    return withLifetime({
      ...keepState({ inputs }, state, condition, run),
      dispose: async () => {},
    })
  },
})

/** Float64 loops that read as the formulas do: slow, and what all others are compared with. */
export const referenceEngine = interpreter('reference', referenceKernels)
