/**
 * What a network costs, layer by layer, counted from its graph. Multiply-adds are those of
 * convolutions and fully connected layers, as in the papers' columns; one multiply-add is one. The
 * papers count, beside these, none or some of the other operations, and do not say which.
 */

import { type Graph, type Node, type Shape, sizeOf } from '../graph/index.ts'
import { variables } from '../nn/index.ts'
import { type OperationName, operationOf } from '../ops/index.ts'
import { inferenceGraph } from './inferenceGraph.ts'
import type { Model } from './registry.ts'

/** One layer of a network. */
export interface LayerRow {
  /** The layer's path; the network itself is ''. */
  readonly path: string
  /** The operations of the layer itself, its children's not included. */
  readonly operations: readonly string[]
  /** The shape of what the layer gives. */
  readonly output: Shape
  /** How many numbers training finds. */
  readonly parameters: number
  /** Multiply-adds of convolutions and matrix products. */
  readonly multiplyAdds: number
}

/** A network layer by layer, and its sums. */
export interface Summary {
  /** One a layer that computes something, in the order of computation. */
  readonly rows: readonly LayerRow[]
  /** How many numbers training finds. */
  readonly parameters: number
  /** Running statistics. */
  readonly buffers: number
  /** Multiply-adds of convolutions and matrix products. */
  readonly multiplyAdds: number
  /** With every other operation too, at one for each element it reads or makes, the more of both. */
  readonly allOperations: number
}

/** They move elements, or come from the graph's building alone. */
const MOVES: readonly string[] = [
  'cast',
  'concat',
  'constant',
  'expand',
  'pad',
  'reshape',
  'slice',
  'split',
  'stopGradient',
  'transpose',
  'upsampleNearest',
] satisfies OperationName[]

const countedIn = (node: Node): number | undefined =>
  operationOf(node).multiplyAdds?.(node.inputs, node.outputs, node.attributes)

/** Of the convolutions and matrix products in a graph, their gradients' included. */
export const multiplyAddsOf = ({ nodes }: Pick<Graph, 'nodes'>): number =>
  nodes.reduce((sum, node) => sum + (countedIn(node) ?? 0), 0)

const parent = (name: string): string => name.slice(0, Math.max(name.lastIndexOf('.'), 0))

const total = (rows: readonly LayerRow[], of: 'parameters' | 'multiplyAdds'): number =>
  rows.reduce((sum, row) => sum + row[of], 0)

const elements = ({ op, inputs, outputs }: Node): number =>
  MOVES.includes(op) ? 0 : Math.max(...[...inputs, ...outputs].map(({ shape }) => sizeOf(shape)))

/** @param depth - layers deeper than so many names count for their ancestor there */
export const summarize = (
  model: Model,
  size: readonly [height: number, width: number] = [model.size, model.size],
  depth = Number.POSITIVE_INFINITY,
): Summary => {
  const folded = (path: string): string => path.split('.').slice(0, depth).join('.')
  const rows = new Map<string, LayerRow>()
  let allOperations = 0
  for (const node of inferenceGraph(model, 1, size).nodes) {
    const { op, outputs } = node
    const path = folded(node.path)
    const before = rows.get(path)
    const counted = countedIn(node)
    const cost = counted ?? 0
    allOperations += counted ?? elements(node)
    rows.set(path, {
      path,
      operations: [...(before?.operations ?? []), op],
      output: outputs[0].shape,
      parameters: 0,
      multiplyAdds: (before?.multiplyAdds ?? 0) + cost,
    })
  }
  let buffers = 0
  for (const { name, tensor } of variables(model.network)) {
    const count = sizeOf(tensor.shape)
    const row = rows.get(folded(parent(name)))
    if (tensor.kind === 'buffer') buffers += count
    else if (row !== undefined) rows.set(row.path, { ...row, parameters: row.parameters + count })
  }
  const all = [...rows.values()]
  return {
    rows: all,
    parameters: total(all, 'parameters'),
    buffers,
    multiplyAdds: total(all, 'multiplyAdds'),
    allOperations,
  }
}
