/** Kernels by plain loops: what the grouping and the language are checked with, without a device. */

import { graph as graphOf, input, sizeOf, type Value } from '../../graph/index.ts'
import { apply, type Operation } from '../../ops/operation.ts'
import { type OperationName, operations } from '../../ops/table.ts'
import { conditionalState } from '../../passes/conditionalState.ts'
import { CPU_DTYPES } from '../../tensor/tensor.ts'
import { checkDTypes, type Engine, type Tensor, type TensorData, type Tensors } from '../engine.ts'
import { compileExchanging, hasExchanges } from '../exchanges.ts'
import { withLifetime } from '../lifetime.ts'
import { referenceEngine } from '../reference/engine.ts'
import { coordinates } from '../reference/kernel.ts'
import { constantTensors, keepState } from '../state.ts'
import {
  type Axis,
  type Expression,
  type Index,
  type Operation as Scalar,
  START,
} from './expression.ts'
import { group } from './group.ts'
import type { GroupOptions, Kernel, KernelProgram, LibraryStep, Store } from './kernel.ts'
import { isRowMajor, type KernelBuffer, type Placement } from './placement.ts'
import { countOf } from './schedule.ts'

const SCALARS: Record<Scalar, (...of: number[]) => number> = {
  abs: Math.abs,
  add: (a, b) => a + b,
  and: (a, b) => Math.min(a, b),
  choose: (condition, a, b) => (condition ? a : b),
  div: (a, b) => a / b,
  equal: (a, b) => Number(a === b),
  exp: Math.exp,
  float: a => a,
  greater: (a, b) => Number(a > b),
  int: Math.trunc,
  isFinite: a => Number(Number.isFinite(a)),
  less: (a, b) => Number(a < b),
  log: Math.log,
  max: Math.max,
  min: Math.min,
  mul: (a, b) => a * b,
  neg: a => -a,
  power: (a, b) => a ** b,
  relu: a => Math.max(a, 0),
  sigmoid: a => 1 / (1 + Math.exp(-a)),
  sign: Math.sign,
  sqrt: Math.sqrt,
  sub: (a, b) => a - b,
  tanh: Math.tanh,
}

type Memory = ReadonlyMap<KernelBuffer, Float64Array>

/** Calls a function for all coordinates of some axes, or for those from one number to another. */
const each = (
  axes: readonly Axis[],
  at: number[],
  run: () => void,
  begin = 0,
  end = countOf(axes),
): void => {
  const shape = axes.map(({ extent }) => extent)
  for (const [i, coordinate] of coordinates(begin, shape).entries()) at[axes[i].id] = coordinate
  for (let step = begin; step < end; step++) {
    run()
    for (let axis = axes.length - 1; axis >= 0; at[axes[axis].id] = 0, axis--)
      if (++at[axes[axis].id] < axes[axis].extent) break
  }
}

const runKernel = ({ axes, operands, fold, stores }: Kernel, memory: Memory): void => {
  const at: number[] = []
  let folded: number[] = []
  const indexOf = ({ constant, terms }: Index): number =>
    terms.reduce((total, { of, by }) => {
      if (of.kind === 'axis') return total + by * at[of.axis.id]
      if (of.kind === 'value') return total + by * evaluate(of.value)
      const inner = indexOf(of.of)
      if (inner < 0) throw new RangeError(`a negative number divided: ${inner}`)
      return total + by * (of.kind === 'quotient' ? Math.floor(inner / of.by) : inner % of.by)
    }, constant)
  const place = (operand: number, index: number, data: Float64Array): number => {
    const found = operands[operand].offset + index
    if (!(found >= 0 && found < data.length))
      throw new RangeError(`element ${found} of a buffer of ${data.length}`)
    return found
  }
  const bufferOf = (operand: number): Float64Array =>
    memory.get(operands[operand].buffer) as Float64Array
  const evaluate = (e: Expression): number => {
    switch (e.kind) {
      case 'constant':
        return e.value
      case 'load': {
        const data = bufferOf(e.operand)
        return data[place(e.operand, indexOf(e.at), data)]
      }
      case 'call': {
        const [first, ...others] = e.of
        // What is not chosen is not computed: as cheap as in a kernel.
        if (e.operation === 'choose') return evaluate(evaluate(first) ? others[0] : others[1])
        return SCALARS[e.operation](...e.of.map(evaluate))
      }
      case 'guard':
        return e.bounds.every(({ at, low, high }) => indexOf(at) >= low && indexOf(at) < high)
          ? evaluate(e.value)
          : e.otherwise
      case 'fold': {
        let total = START[e.combine]
        each(e.axes, at, () => {
          total = SCALARS[e.combine](total, evaluate(e.term))
        })
        return total
      }
      case 'folded':
        return folded[e.index]
    }
  }
  const write = (all: readonly Store[]): void => {
    for (const { operand, at, value } of all) {
      const data = bufferOf(operand)
      data[place(operand, indexOf(at), data)] = evaluate(value)
    }
  }
  each(axes, at, () => {
    if (fold !== undefined) {
      const { part } = fold
      const length = countOf(fold.axes)
      const chunk = part === undefined ? length : Math.ceil(length / part.extent)
      const begin = part === undefined ? 0 : at[part.id] * chunk
      const totals = fold.results.map(({ combine }) => START[combine])
      const term = (): void => {
        for (const [i, { combine, term }] of fold.results.entries())
          totals[i] = SCALARS[combine](totals[i], evaluate(term))
        write(fold.stores)
      }
      each(fold.axes, at, term, begin, Math.min(begin + chunk, length))
      folded = totals
    }
    write(stores)
  })
}

const offsetIn = ({ shape, offset, strides }: Placement, element: number): number =>
  coordinates(element, shape).reduce((sum, at, axis) => sum + at * strides[axis], offset)

const gatherFrom = (placement: Placement, memory: Memory): Float64Array => {
  const data = memory.get(placement.buffer) as Float64Array
  return Float64Array.from(
    { length: sizeOf(placement.shape) },
    (_, i) => data[offsetIn(placement, i)],
  )
}

const runLibrary = async ({ node, inputs, output }: LibraryStep, memory: Memory): Promise<void> => {
  const values = inputs.map(({ shape }, i) => input(`x${i}`, shape))
  const [y] = apply(operations[node.op as OperationName] as Operation, values, node.attributes)
  const compiled = await referenceEngine.compile(graphOf({ y }))
  const feeds = inputs.map((placement): Tensor => {
    return { shape: placement.shape, data: gatherFrom(placement, memory) }
  })
  const result = await compiled.run(Object.fromEntries(feeds.map((feed, i) => [`x${i}`, feed])))
  const data = memory.get(output.buffer) as Float64Array
  for (const [i, value] of result.y.data.entries()) data[offsetIn(output, i)] = value
}

const resultOf = ({ dtype, shape }: Value, data: Float64Array): Tensor => {
  if (dtype === 'float32') return { dtype: 'float64', shape, data }
  const typed: TensorData = dtype === 'int32' ? Int32Array.from(data) : Uint8Array.from(data)
  return { dtype, shape, data: typed }
}

/** Runs a program; buffers begin full of NaN, so that what nobody wrote shows. */
export const runProgram = async (
  { steps, buffers, inputs, outputs }: KernelProgram,
  feeds: Tensors,
): Promise<Record<string, Float64Array>> => {
  const memory = new Map(
    buffers.map(buffer => {
      const data = new Float64Array(buffer.size).fill(Number.NaN)
      if (buffer.constant?.length === 1) data.fill(buffer.constant[0])
      else if (buffer.constant !== undefined) data.set(buffer.constant)
      return [buffer, data]
    }),
  )
  for (const [name, { buffer }] of Object.entries(inputs)) memory.get(buffer)?.set(feeds[name].data)
  for (const step of steps)
    if (step.kind === 'kernel') runKernel(step.kernel, memory)
    else await runLibrary(step, memory)
  return Object.fromEntries(
    Object.entries(outputs).map(([name, placement]) => {
      if (!isRowMajor(placement)) throw new RangeError(`output ${name} is not row-major`)
      return [name, gatherFrom(placement, memory)]
    }),
  )
}

/** An engine that interprets kernels. */
export const interpreter = (name: string, options: GroupOptions): Engine => ({
  name,
  version: async () => 'loops',
  compile: async (given, { state = [], constants, allReduce } = {}) => {
    checkDTypes(name, given, CPU_DTYPES)
    const { graph, condition } = conditionalState(given, state)
    if (allReduce !== undefined && hasExchanges(graph))
      return compileExchanging(graph, state, condition, allReduce, part =>
        interpreter(name, options).compile(part),
      )
    const constant = constantTensors(graph, constants)
    const program = group(graph, options)
    const inputs = graph.inputs.filter(({ name = '' }) => !(name in constant))
    return withLifetime({
      ...keepState({ inputs }, state, condition, async fed => {
        const results = await runProgram(program, { ...fed, ...constant })
        return Object.fromEntries(
          Object.entries(graph.outputs).map(([output, value]) => [
            output,
            resultOf(value, results[output]),
          ]),
        )
      }),
      dispose: async () => {},
    })
  },
})
