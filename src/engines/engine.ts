/** The one contract behind which every engine stands: compile a graph, run it. */

import { EngineError, formatShape } from '../errors/index.ts'
import { type DType, type Graph, type Shape, sizeOf, type Value } from '../graph/index.ts'

/** A tensor in memory, row-major. Floats are float32, or float64 in the reference engine. */
export interface Tensor {
  readonly shape: Shape
  readonly data: TensorData
}

/** Floats, ints and bools (as 0 and 1). */
export type TensorData = Float32Array | Float64Array | Int32Array | Uint8Array

export type Tensors = Readonly<Record<string, Tensor>>

/** A graph made ready to run; hold on to it, compiling costs seconds. */
export interface Compiled {
  /**
   * Runs the graph once. What is passed in is not changed, and what comes back is not touched by
   * later runs. Held inputs are not passed; an output of a held input's name does not come back,
   * but takes its place.
   * @throws EngineError when an input is missing or does not have the type of the graph's
   */
  run(inputs: Tensors): Promise<Tensors>
  /**
   * Puts held inputs in their places; those not named stay as they are.
   * @throws EngineError for one that the graph was not compiled to hold, or of the wrong type
   */
  hold(tensors: Tensors): void
  /**
   * Has a held input written where it stays: for what is made there, without a copy.
   * @param write - is given room for all of its elements, row-major, and fills it
   * @throws EngineError for one that the graph was not compiled to hold
   */
  fill(name: string, write: (values: Float32Array) => void): void
  /**
   * A held input as it now is.
   * @throws EngineError where nothing has put it in its place
   */
  held(name: string): Tensor
  /** Puts held inputs back as they were before the last run; a second time it changes nothing. */
  undo(): void
  /** Frees what the engine holds; running afterwards is an error. */
  dispose(): Promise<void>
}

export interface CompileOptions {
  /** Threads to compute with; the engine's default otherwise. */
  readonly threads?: number
  /**
   * Inputs that stay with the engine from run to run, such as weights and the optimizer's vectors:
   * copied when held, not for every run.
   */
  readonly held?: readonly string[]
  /** Inputs that never change, such as a trained network's weights: what depends on them alone is made ready. */
  readonly fixed?: ReadonlyMap<string, Float32Array>
}

export interface Engine {
  readonly name: string
  /**
   * Of what computes: another one may round otherwise.
   * @throws EngineError when its library is missing
   */
  version(): Promise<string>
  compile(graph: Graph, options?: CompileOptions): Promise<Compiled>
}

const ARRAYS: Record<DType, readonly (new (length: number) => TensorData)[]> = {
  float: [Float32Array, Float64Array],
  int: [Int32Array],
  bool: [Uint8Array],
}

/** Checks what a run is given against the inputs that it needs. */
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
