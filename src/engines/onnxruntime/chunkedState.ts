/** Large state vectors: in chunks for ONNX Runtime, whole for everyone else. */

import type { Graph } from '../../graph/index.ts'
import { CHUNK_ELEMENTS, chunkName, chunkVectors } from '../../passes/chunkVectors.ts'
import type { Compiled, Tensor, Tensors } from '../engine.ts'
import { checkState, splitInputs, stateInput, unwritten } from '../state.ts'

/** A view of a vector. */
const part = ({ data }: Tensor, offset: number, size: number): Tensor => ({
  shape: [size],
  data: data.subarray(offset, offset + size),
})

/** Copies chunks into one vector. */
const join = (chunks: readonly Tensor[]): Tensor => {
  const shape = [chunks.reduce((sum, { data }) => sum + data.length, 0)]
  const data = new Float32Array(shape[0])
  let end = 0
  for (const { data: chunk } of chunks) {
    data.set(chunk, end)
    end += chunk.length
  }
  return { shape, data }
}

/**
 * Compiles a graph with its large state vectors in chunks.
 * @param compile - what compiles the graph that it is given, and those of its inputs that are state
 * @param least - elements of a chunk, about
 */
export const compileChunked = async (
  given: Graph,
  names: readonly string[],
  compile: (graph: Graph, state: readonly string[]) => Promise<Compiled>,
  least = CHUNK_ELEMENTS,
): Promise<Compiled> => {
  const { graph, sizes, views } = chunkVectors(given, names, least)
  if (sizes.size === 0) return compile(given, names)
  const inputs = splitInputs(given, names)
  const used = new Set(graph.inputs.map(({ name }) => name))
  const chunksOf = (name: string): string[] =>
    (sizes.get(name) ?? []).map((_, i) => chunkName(name, i))
  const inner = names.flatMap(name => (sizes.has(name) ? chunksOf(name) : [name]))
  const { run, state, dispose } = await compile(
    graph,
    inner.filter(name => used.has(name)),
  )
  /** The chunks of a vector, by their names. */
  const cut = (name: string, tensor: Tensor): [string, Tensor][] => {
    let end = 0
    return (sizes.get(name) ?? []).map((size, i) => {
      end += size
      return [chunkName(name, i), part(tensor, end - size, size)]
    })
  }
  /** Vectors that runs do not change, as they were written. */
  const unchanging = new Map<string, Tensor>()
  const write = async (tensors: Tensors): Promise<void> => {
    checkState(inputs, tensors)
    const chunks = Object.entries(tensors).flatMap(([name, tensor]): [string, Tensor][] => {
      if (!sizes.has(name)) return [[name, tensor]]
      if (!(name in given.outputs)) unchanging.set(name, tensor)
      return cut(name, tensor).filter(([chunk]) => used.has(chunk))
    })
    await state.write(Object.fromEntries(chunks))
  }
  return {
    run: async tensors => {
      const seen: Record<string, Tensor> = {}
      for (const { name, chunk, offset, size } of views)
        seen[name] = part(await state.read(chunk), offset, size)
      return run({ ...tensors, ...seen })
    },
    state: {
      names,
      write,
      initialize: async (name, fill) => {
        if (!sizes.has(name)) return state.initialize(name, fill)
        const { shape } = stateInput(inputs, name)
        const data = new Float32Array(shape[0])
        fill(data)
        await write({ [name]: { shape, data } })
      },
      read: async name => {
        if (!sizes.has(name)) return state.read(name)
        const tensor = unchanging.get(name)
        if (tensor !== undefined) return tensor
        if (!(name in given.outputs)) throw unwritten(name)
        return join(await Promise.all(chunksOf(name).map(state.read)))
      },
    },
    dispose,
  }
}
