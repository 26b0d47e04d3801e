/** The one contract behind which every engine stands: compile a graph, run it. */

import { EngineError, formatShape } from '../errors/index.ts'
import { type DType, type Graph, sizeOf, type Value } from '../graph/index.ts'
import type { Tensor, TensorData, Tensors } from '../tensor/tensor.ts'

export type { Tensor, TensorData, Tensors } from '../tensor/tensor.ts'

/** Inputs that stay with the engine between runs: parameters, optimizer slots, statistics. */
export interface EngineState {
  readonly names: readonly string[]
  /**
   * Gives inputs new values; those not named stay as they are. The arrays belong to the engine from
   * then on.
   * @throws EngineError for an input that is no state, or of another type than the graph's
   */
  write(tensors: Tensors): Promise<void>
  /**
   * Gives one input values that are made in place, without a copy where the engine can.
   * @param fill - is given room for all elements, row-major, and fills it
   * @throws EngineError for an input that is no state
   */
  initialize(name: string, fill: (values: Float32Array) => void): Promise<void>
  /**
   * The present values of one input.
   * @throws EngineError where nothing has written it
   */
  read(name: string): Promise<Tensor>
}

/** A graph made ready to run; keep it, compiling costs seconds. */
export interface Compiled {
  /**
   * Runs the graph once. What is passed in is not changed, and what comes back is not touched by
   * later runs. State is not passed; an output of a state input's name does not come back, but is
   * its next value.
   * @throws EngineError when an input is missing or does not have the type of the graph's
   */
  run(inputs: Tensors): Promise<Tensors>
  /** The state of the graph: inputs that stay with the engine from run to run. */
  readonly state: EngineState
  /**
   * Frees what the engine keeps for the graph.
   * @throws EngineError during a run
   */
  dispose(): Promise<void>
}

/**
 * Adds arrays up, in place, over the processes that compute together: the operation `allReduce` asks
 * it, in the same order in each of them.
 */
export type AllReduce = (values: readonly Float32Array[]) => Promise<void>

/** How a graph is compiled. */
export interface CompileOptions {
  /** Threads to compute with; the engine's default otherwise. */
  readonly threads?: number | undefined
  /** What `allReduce` does; nothing unless given, as for one process. */
  readonly allReduce?: AllReduce | undefined
  /** Inputs that stay with the engine from run to run, such as weights and the optimizer's slots. */
  readonly state?: readonly string[]
  /** Inputs that never change, such as a trained network's weights; work on them alone is done once. */
  readonly constants?: ReadonlyMap<string, Float32Array>
}

/** What compiles graphs. */
export interface Engine {
  /** The name that `engines` knows it by. */
  readonly name: string
  /**
   * The version of the library that computes; another one may round otherwise.
   * @throws EngineError when the library is missing
   */
  version(): Promise<string>
  /** Makes a graph ready to run; one that was compiled is disposed of by its own `dispose`. */
  compile(graph: Graph, options?: CompileOptions): Promise<Compiled>
}

/** What an input of each type takes; floats also come as the reference engine gives them. */
const ARRAYS: Record<DType, readonly (new (length: number) => TensorData)[]> = {
  float32: [Float32Array, Float64Array],
  float64: [Float64Array, Float32Array],
  bfloat16: [Uint16Array, Float32Array, Float64Array],
  float16: [Uint16Array, Float32Array, Float64Array],
  int32: [Int32Array],
  uint8: [Uint8Array],
  bool: [Uint8Array],
}

/**
 * Checks that an engine has the types that a graph computes with.
 * @throws EngineError that names the first value of another type
 */
export const checkDTypes = (
  engine: string,
  { inputs, nodes }: Graph,
  dtypes: readonly DType[],
): void => {
  const refuse = ({ dtype }: Value, what: string): void => {
    if (dtypes.includes(dtype)) return
    throw new EngineError({
      where: `engine ${engine}`,
      expected: `values of ${dtypes.join(', ')}`,
      got: `${dtype} (${what})`,
    })
  }
  for (const value of inputs) refuse(value, `input ${value.name}`)
  for (const { op, path, outputs } of nodes)
    for (const value of outputs) refuse(value, path === '' ? op : `${path}, ${op}`)
}

/**
 * Checks tensors against the inputs that they are for.
 * @throws EngineError for the first that is missing or of another type
 */
export const checkInputs = (needed: readonly Value[], inputs: Tensors): void => {
  for (const { name = '', dtype, shape } of needed) {
    const refuse = (expected: string, got: string): never => {
      throw new EngineError({ where: `input ${name}`, expected, got })
    }
    const tensor = inputs[name] ?? refuse(`${dtype} ${formatShape(shape)}`, 'nothing')
    if (tensor.shape.join() !== shape.join())
      refuse(`shape ${formatShape(shape)}`, formatShape(tensor.shape))
    if (tensor.data.length !== sizeOf(shape))
      refuse(`${sizeOf(shape)} elements`, `${tensor.data.length}`)
    if (!ARRAYS[dtype].some(array => tensor.data instanceof array))
      refuse(
        `${dtype} data (${ARRAYS[dtype].map(a => a.name).join(' or ')})`,
        tensor.data.constructor.name,
      )
  }
}
