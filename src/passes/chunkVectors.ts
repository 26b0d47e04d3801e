/**
 * Large held vectors in pieces. ONNX Runtime copies whatever a Split gives, and among the chunks that
 * activations leave it finds no room for a vector of all weights. So where a graph splits such a
 * vector, computes with it element by element and returns it, the pieces do so instead, each an input
 * and an output of its own; a part of a piece is an input too, a view of the same memory.
 */

import { type Graph, graph, input, type Node, scope, sizeOf, type Value } from '../graph/index.ts'
import { add, allFinite, concat, constant, split } from '../ops/index.ts'
import { apply } from '../ops/operation.ts'
import { type AttributesOf, type OperationName, operationOf } from '../ops/table.ts'

/** Elements that a piece has about, and a vector in pieces at least twice: 16 MiB. */
export const LARGE = 2 ** 22

/** An input that is a part of a held piece. */
export interface View {
  readonly name: string
  readonly size: number
  /** The piece's name, and where in it the part begins. */
  readonly piece: string
  readonly offset: number
}

export interface InPieces {
  readonly graph: Graph
  /** The sizes of the pieces of each held vector that has some, by its name. */
  readonly sizes: ReadonlyMap<string, readonly number[]>
  readonly views: readonly View[]
}

export const pieceName = (name: string, i: number): string => `${name}/${i}`

const ELEMENTWISE: ReadonlySet<string> = new Set<OperationName>([
  'add',
  'div',
  'mul',
  'sqrt',
  'sub',
])

const attributesOf = <Name extends OperationName>(node: Node, _: Name): AttributesOf<Name> =>
  node.attributes as AttributesOf<Name>

const lengthOf = ({ shape }: Value): number => (shape.length === 1 ? shape[0] : 0)

/** Where each piece begins, and where the last one ends. */
const edgesOf = (sizes: readonly number[]): number[] =>
  sizes.reduce(
    (edges, size) => {
      edges.push((edges.at(-1) as number) + size)
      return edges
    },
    [0],
  )

const sizesBetween = (edges: readonly number[]): number[] =>
  edges.slice(1).map((edge, i) => edge - edges[i])

/** The sizes into which a vector of this length is split most finely, and the edges of its other splits. */
const splitsOf = ({ nodes }: Graph, length: number) => {
  const all = nodes
    .filter(({ op, inputs: [x] }) => op === 'split' && lengthOf(x) === length)
    .map(node => attributesOf(node, 'split').sizes)
  const finest = all.reduce((a, b) => (b.length > a.length ? b : a), [length])
  return { finest, others: new Set(all.filter(sizes => sizes !== finest).flatMap(edgesOf)) }
}

/** Pieces as large as asked for, but cut wherever the graph cuts. */
const coarse = (graph: Graph, length: number, least: number): readonly number[] => {
  const { finest, others } = splitsOf(graph, length)
  const edges = edgesOf(finest)
  let last = 0
  const kept = edges.slice(1, -1).filter(edge => {
    if (edge - last < least && !others.has(edge)) return false
    last = edge
    return true
  })
  return sizesBetween([0, ...kept, length])
}

/** A number that fills a vector, where that is all a value is. */
const fillOf = ({ node }: Value): number | undefined => {
  if (node?.op !== 'constant') return undefined
  const { data } = attributesOf(node, 'constant')
  return data.length === 1 ? data[0] : undefined
}

/**
 * Rewrites a graph; `names` are its held inputs. Without large vectors among them it stays as it is.
 * @param least - what counts as large
 */
export const inPieces = (given: Graph, names: readonly string[], least: number): InPieces => {
  const large = given.inputs.filter(
    value => names.includes(value.name ?? '') && lengthOf(value) >= 2 * least,
  )
  const sizes = new Map<string, readonly number[]>()
  /** Sizes of pieces by the length of the vector, for those that come back. */
  const usual = new Map<number, readonly number[]>()
  const cut = new Map<Value, readonly Value[]>()
  const whole = new Map<Value, Value>()
  const views = new Map<string, View>()
  const parts = new Map<string, Value>()
  for (const value of large) {
    const { name = '' } = value
    const [length] = value.shape
    const returned = name in given.outputs
    const own = returned ? coarse(given, length, least) : splitsOf(given, length).finest
    if (own.length === 1) continue
    if (returned) usual.set(length, own)
    sizes.set(name, own)
    cut.set(
      value,
      own.map((size, i) => input(pieceName(name, i), [size])),
    )
  }
  if (sizes.size === 0) return { graph: given, sizes, views: [] }

  const wholeOf = (value: Value): Value => {
    const known = whole.get(value) ?? (cut.has(value) ? concat(cut.get(value) ?? [], 0) : value)
    whole.set(value, known)
    return known
  }
  const piecesOf = (value: Value, own: readonly number[]): readonly Value[] => {
    const known = cut.get(value)
    if (known?.map(lengthOf).join() === own.join()) return known
    if (sizeOf(value.shape) === 1) return own.map(() => wholeOf(value))
    const fill = fillOf(value)
    if (fill !== undefined) return own.map(size => constant(fill, [size]))
    return split(wholeOf(value), own, 0)
  }

  /** Part of a piece: a view where it is held, else one of a split. */
  const partsOf = (piece: Value, own: readonly number[]): readonly Value[] => {
    if (own.length === 1) return [piece]
    const { name } = piece
    if (name === undefined) return split(piece, own, 0)
    const edges = edgesOf(own)
    return own.map((size, i) => {
      const view = { name: `${name}:${edges[i]}`, size, piece: name, offset: edges[i] }
      const part = parts.get(view.name) ?? input(view.name, [size])
      parts.set(view.name, part)
      views.set(view.name, view)
      return part
    })
  }
  /** Each of the pieces cut at these edges of the whole; nothing where one would have to span pieces. */
  const splitPieces = (pieces: readonly Value[], wanted: readonly number[]) => {
    const edges = edgesOf(pieces.map(lengthOf))
    const goals = edgesOf(wanted)
    const all = [...new Set([...edges, ...goals])].sort((a, b) => a - b)
    const cuts = pieces.flatMap((piece, i) =>
      partsOf(piece, sizesBetween(all.filter(at => at >= edges[i] && at <= edges[i + 1]))),
    )
    return wanted.map((_, i) =>
      cuts.filter((_, at) => all[at] >= goals[i] && all[at] < goals[i + 1]),
    )
  }

  const handlers: Readonly<Record<string, (node: Node) => boolean>> = {
    split: ({ inputs: [x], outputs }) => {
      const pieces = cut.get(x)
      if (pieces === undefined) return false
      const found = splitPieces(pieces, outputs.map(lengthOf))
      for (const [i, own] of found.entries())
        if (own.length === 1) whole.set(outputs[i], own[0])
        else cut.set(outputs[i], own)
      return true
    },
    concat: ({ inputs, outputs: [y] }) => {
      const own = usual.get(lengthOf(y))
      if (own === undefined) return false
      const edges = edgesOf(own)
      let at = 0
      const groups: Value[][] = own.map(() => [])
      for (const value of inputs) {
        const end = at + lengthOf(value)
        const inner = [at, ...edges.filter(edge => edge > at && edge < end), end]
        for (const piece of piecesOf(value, sizesBetween(inner))) {
          groups[edges.findLastIndex(edge => edge <= at)].push(piece)
          at += lengthOf(piece)
        }
      }
      cut.set(
        y,
        groups.map(group => concat(group, 0)),
      )
      return true
    },
    allFinite: ({ inputs, outputs: [y] }) => {
      whole.set(y, allFinite(inputs.flatMap(x => cut.get(x) ?? [wholeOf(x)])))
      return true
    },
    reduceSumSquare: node => {
      const pieces = cut.get(node.inputs[0])
      const { axes, keepDims } = attributesOf(node, 'reduceSumSquare')
      if (pieces === undefined || keepDims || axes.length === 0) return false
      const sums = pieces.map(piece => apply(operationOf(node), [piece], node.attributes)[0])
      whole.set(
        node.outputs[0],
        sums.reduce((sum, one) => add(sum, one)),
      )
      return true
    },
  }
  const elementwise = ({ inputs, outputs: [y], ...node }: Node): boolean => {
    const own = inputs.map(value => cut.get(value)?.map(lengthOf)).find(found => found)
    if (own === undefined || y.shape.length !== 1) return false
    const columns = inputs.map(value => piecesOf(value, own))
    cut.set(
      y,
      own.map(
        (_, i) =>
          apply(
            operationOf(node),
            columns.map(column => column[i]),
            node.attributes,
          )[0],
      ),
    )
    return true
  }
  for (const node of given.nodes)
    scope(node.path, () => {
      const handle = ELEMENTWISE.has(node.op) ? elementwise : handlers[node.op]
      if (handle?.(node)) return
      const made = apply(operationOf(node), node.inputs.map(wholeOf), node.attributes)
      for (const [i, value] of node.outputs.entries()) whole.set(value, made[i])
    })
  const outputs = Object.entries(given.outputs).flatMap(([name, value]): [string, Value][] => {
    const own = sizes.get(name)
    if (own === undefined) return [[name, wholeOf(value)]]
    return piecesOf(value, own).map((piece, i) => [pieceName(name, i), piece])
  })
  return { graph: graph(Object.fromEntries(outputs)), sizes, views: [...views.values()] }
}
