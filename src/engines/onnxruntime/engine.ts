/** The ONNX engine: graphs run by ONNX Runtime in Node. */

import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import { EngineError, messageOf } from '../../errors/index.ts'
import type { Graph } from '../../graph/index.ts'
import { emit, outputName } from '../../onnx/emit.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { OnnxModel } from '../../onnx/model.ts'
import type { Compiled, CompileOptions, Engine, Tensor, TensorData, Tensors } from '../engine.ts'
import { fixedTensors, holding } from '../state.ts'
import { joined } from './chunkedState.ts'
import { loadRuntime } from './runtime.ts'

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

const sessionOptions = ({ threads }: CompileOptions): InferenceSession.SessionOptions => ({
  graphOptimizationLevel: 'all',
  executionMode: 'sequential',
  interOpNumThreads: 1,
  ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  logSeverityLevel: 3,
  // A pattern is one block for a whole step: it costs half as much memory again, and seconds at first.
  enableMemPattern: false,
  extra: { session: { set_denormal_as_zero: '1' } },
})

const single = (data: TensorData): Exclude<TensorData, Float64Array> =>
  data instanceof Float64Array ? Float32Array.from(data) : data

const DTYPES = { float: 'float32', int: 'int32', bool: 'bool' } as const

/** Runs the bytes of a model whose inputs and outputs are those of a graph. */
export const compileOnnx = async (
  bytes: Uint8Array,
  graph: Pick<Graph, 'inputs' | 'outputs'>,
  options: CompileOptions = {},
): Promise<Compiled> => {
  const { InferenceSession, Tensor } = await loadRuntime()
  let session: InferenceSession | undefined
  try {
    session = await InferenceSession.create(bytes, sessionOptions(options))
  } catch (cause) {
    throw failure('compiling', cause)
  }
  const outputs = Object.entries(graph.outputs)
  return {
    ...holding(graph, options.held, async (tensors: Tensors) => {
      if (session === undefined)
        throw new EngineError({ where: 'run', expected: 'a graph in use', got: 'a disposed one' })
      const feeds: Record<string, OrtTensor> = {}
      for (const { name = '', dtype, shape } of graph.inputs)
        feeds[name] = new Tensor(DTYPES[dtype], single(tensors[name].data), shape)
      try {
        const results = await session.run(feeds)
        return Object.fromEntries(
          outputs.map(([name, { shape }]): [string, Tensor] => [
            name,
            { shape, data: results[outputName(graph, name)].data as TensorData },
          ]),
        )
      } catch (cause) {
        throw failure('running', cause)
      }
    }),
    dispose: async () => {
      const released = session
      session = undefined
      await released?.release()
    },
  }
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

/** CPU by ONNX Runtime, everywhere. */
export const onnxEngine: Engine = {
  name: 'onnx',
  version: async () => (await loadRuntime()).env.versions.node ?? 'unknown',
  compile: async (graph, options = {}) => {
    const { fixed: weights = new Map(), held = [] } = options
    const still = fixedTensors(graph, weights)
    return joined(graph, held, (own, names) => {
      const inputs = own.inputs.filter(({ name = '' }) => !(name in still))
      const model = inOrder(emit(own, { weights }))
      return compileOnnx(encodeModel(model), { ...own, inputs }, { ...options, held: names })
    })
  },
}
