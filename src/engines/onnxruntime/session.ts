/** ONNX Runtime behind the contract of engines, for whichever of its packages is there: Node's or the web's. */

import type * as ort from 'onnxruntime-common'
import { EngineError, messageOf } from '../../errors/index.ts'
import type { Graph } from '../../graph/index.ts'
import { emit, outputName } from '../../onnx/emit.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { OnnxModel } from '../../onnx/model.ts'
import { conditionalState } from '../../passes/conditionalState.ts'
import { CPU_DTYPES, type CpuDType } from '../../tensor/tensor.ts'
import {
  type Compiled,
  type CompileOptions,
  checkDTypes,
  type Engine,
  type Tensor,
  type TensorData,
  type Tensors,
} from '../engine.ts'
import { compileExchanging, hasExchanges } from '../exchanges.ts'
import { withLifetime } from '../lifetime.ts'
import { constantTensors, keepState } from '../state.ts'
import { compileChunked } from './chunkedState.ts'

const failure = (where: string, cause: unknown): EngineError =>
  new EngineError(
    {
      where,
      expected: 'ONNX Runtime to run the graph',
      got: messageOf(cause),
      hint: 'This is a fault of Excite or of ONNX Runtime, not yours: please report it',
    },
    { cause },
  )

const sessionOptions = ({ threads }: CompileOptions): ort.InferenceSession.SessionOptions => ({
  graphOptimizationLevel: 'all',
  executionMode: 'sequential',
  interOpNumThreads: 1,
  ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  logSeverityLevel: 3,
  // A pattern is one block for a whole step: it costs half as much memory again, and seconds at first.
  enableMemPattern: false,
  extra: { session: { set_denormal_as_zero: '1' } },
})

const single = (data: TensorData): Exclude<TensorData, Float64Array | Uint16Array> =>
  data instanceof Float64Array || data instanceof Uint16Array ? Float32Array.from(data) : data

/** What all packages of ONNX Runtime offer. */
export interface Runtime extends Pick<typeof ort, 'InferenceSession' | 'Tensor'> {
  readonly env: Pick<ort.Env, 'versions'>
}

/** An engine that also runs ONNX files as they are. */
export interface OnnxRuntimeEngine extends Engine {
  /**
   * Compiles the bytes of a model whose inputs and outputs are those of a graph.
   * @param condition - the output that says whether the next state counts
   * @throws EngineError for a model that ONNX Runtime refuses
   */
  compileModel(
    bytes: Uint8Array,
    graph: Pick<Graph, 'inputs' | 'outputs'>,
    options?: CompileOptions,
    condition?: string,
  ): Promise<Compiled>
}

const compileModel = async (
  { InferenceSession, Tensor }: Runtime,
  bytes: Uint8Array,
  graph: Pick<Graph, 'inputs' | 'outputs'>,
  options: CompileOptions,
  condition: string | undefined,
): Promise<Compiled> => {
  const create = async (): Promise<ort.InferenceSession> => {
    try {
      return await InferenceSession.create(bytes, sessionOptions(options))
    } catch (cause) {
      throw failure('compiling', cause)
    }
  }
  const session = await create()
  const outputs = Object.entries(graph.outputs)
  const run = async (tensors: Tensors): Promise<Tensors> => {
    const feeds: Record<string, ort.Tensor> = {}
    for (const { name = '', dtype, shape } of graph.inputs)
      feeds[name] = new Tensor(dtype as CpuDType, single(tensors[name].data), shape)
    try {
      const results = await session.run(feeds)
      return Object.fromEntries(
        outputs.map(([name, { dtype, shape }]): [string, Tensor] => [
          name,
          { dtype, shape, data: results[outputName(graph, name)].data as TensorData },
        ]),
      )
    } catch (cause) {
      throw failure('running', cause)
    }
  }
  return withLifetime({
    ...keepState(graph, options.state ?? [], condition, run),
    dispose: () => session.release(),
  })
}

/**
 * The nodes so that they run in the order in which they are written: as the graph has them, which
 * frees activations as the gradients go back. ONNX Runtime walks from the outputs and, of a node's
 * inputs, begins with the one that is listed last.
 */
const inOrder = (model: OnnxModel): OnnxModel => ({
  ...model,
  graph: { ...model.graph, nodes: model.graph.nodes.toReversed() },
})

/**
 * @param load - brings the package, when it is first needed
 * @param chunkElements - of state vectors, about; those of twice as many and more are cut
 */
export const onnxRuntimeEngine = (
  load: () => Promise<Runtime>,
  chunkElements?: number,
): OnnxRuntimeEngine => {
  const engine: OnnxRuntimeEngine = {
    name: 'onnxruntime',
    version: async () => {
      const { common, node, web } = (await load()).env.versions
      return node ?? web ?? common
    },
    compileModel: async (bytes, graph, options = {}, condition = undefined) =>
      compileModel(await load(), bytes, graph, options, condition),
    compile: async (given, options = {}) => {
      checkDTypes(engine.name, given, CPU_DTYPES)
      const { constants = new Map(), state = [], allReduce } = options
      const { graph, condition } = conditionalState(given, state)
      const constant = constantTensors(graph, constants)
      const compileOwn = (own: Graph, names: readonly string[]): Promise<Compiled> => {
        const inputs = own.inputs.filter(({ name = '' }) => !(name in constant))
        const model = inOrder(emit(own, { weights: constants }))
        return engine.compileModel(
          encodeModel(model),
          { ...own, inputs },
          { ...options, state: names },
          condition,
        )
      }
      if (allReduce !== undefined && hasExchanges(graph))
        return compileExchanging(graph, state, condition, allReduce, part =>
          engine.compile(part, { ...options, state: [], allReduce: undefined }),
        )
      return compileChunked(graph, state, compileOwn, chunkElements)
    },
  }
  return engine
}
