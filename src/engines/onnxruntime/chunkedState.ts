/** Large held vectors, in pieces for ONNX Runtime, whole for everyone else. */

import type { Graph } from '../../graph/index.ts'
import { inPieces, LARGE, pieceName } from '../../passes/chunkVectors.ts'
import type { Compiled, Tensor } from '../engine.ts'
import { checkHeld, heldInput, notHeld, partInputs } from '../state.ts'

/** A view of a vector. */
const part = ({ data }: Tensor, offset: number, size: number): Tensor => ({
  shape: [size],
  data: data.subarray(offset, offset + size),
})

/** Copies them into one vector. */
const join = (pieces: readonly Tensor[]): Tensor => {
  const shape = [pieces.reduce((sum, { data }) => sum + data.length, 0)]
  const data = new Float32Array(shape[0])
  let end = 0
  for (const { data: piece } of pieces) {
    data.set(piece, end)
    end += piece.length
  }
  return { shape, data }
}

/**
 * Compiles a graph with its large held vectors in pieces.
 * @param compile - what compiles the graph that it is given, and those of its inputs that are held
 * @param least - elements of a piece, about
 */
export const joined = async (
  given: Graph,
  names: readonly string[],
  compile: (graph: Graph, held: readonly string[]) => Promise<Compiled>,
  least = LARGE,
): Promise<Compiled> => {
  const { graph, sizes, views } = inPieces(given, names, least)
  if (sizes.size === 0) return compile(given, names)
  const parts = partInputs(given, names)
  const used = new Set(graph.inputs.map(({ name }) => name))
  const piecesOf = (name: string): string[] =>
    (sizes.get(name) ?? []).map((_, i) => pieceName(name, i))
  const inner = names.flatMap(name => (sizes.has(name) ? piecesOf(name) : [name]))
  const compiled = await compile(
    graph,
    inner.filter(name => used.has(name)),
  )
  /** The pieces of a vector, by their names. */
  const cut = (name: string, tensor: Tensor): [string, Tensor][] => {
    let end = 0
    return (sizes.get(name) ?? []).map((size, i) => {
      end += size
      return [pieceName(name, i), part(tensor, end - size, size)]
    })
  }
  /** As they were held, where runs do not change them. */
  const still = new Map<string, Tensor>()
  const whole: Compiled = {
    run: async tensors => {
      const seen = views.map(({ name, piece, offset, size }): [string, Tensor] => [
        name,
        part(compiled.held(piece), offset, size),
      ])
      return compiled.run({ ...tensors, ...Object.fromEntries(seen) })
    },
    hold: tensors => {
      checkHeld(parts, tensors)
      const pieces = Object.entries(tensors).flatMap(([name, tensor]): [string, Tensor][] => {
        if (!sizes.has(name)) return [[name, tensor]]
        if (!(name in given.outputs)) still.set(name, tensor)
        return cut(name, tensor).filter(([piece]) => used.has(piece))
      })
      compiled.hold(Object.fromEntries(pieces))
    },
    held: name => {
      if (!sizes.has(name)) return compiled.held(name)
      if (name in given.outputs) return join(piecesOf(name).map(piece => compiled.held(piece)))
      const tensor = still.get(name)
      if (tensor === undefined) throw notHeld(name)
      return tensor
    },
    fill: (name, write) => {
      if (!sizes.has(name)) return compiled.fill(name, write)
      const { shape } = heldInput(parts, name)
      const data = new Float32Array(shape[0])
      write(data)
      whole.hold({ [name]: { shape, data } })
    },
    undo: () => compiled.undo(),
    dispose: () => compiled.dispose(),
  }
  return whole
}
