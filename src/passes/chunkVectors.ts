/**
 * Large state vectors in chunks. ONNX Runtime copies whatever a Split gives, and among the chunks of
 * memory that activations leave it finds no room for a vector of all weights. So each such vector
 * becomes a concatenation of inputs of their own, and laws of concatenations carry it to the outputs:
 * splits, element-wise arithmetic and norms then work chunk by chunk. To the same bits, but for the
 * order in which norms are summed.
 */

import { type Graph, graph, input, type Node, sizeOf, type Value } from '../graph/index.ts'
import { add, allFinite, concat, constant, split } from '../ops/index.ts'
import { apply } from '../ops/operation.ts'
import { type AttributesOf, type OperationName, operationOf } from '../ops/table.ts'
import { type Rule, rewrite, rule } from './rewrite.ts'

/** Elements that a chunk has about, and a vector in chunks at least twice: 16 MiB. */
export const CHUNK_ELEMENTS = 2 ** 22

/** An input that is a part of a chunk: a view of the same memory. */
export interface View {
  readonly name: string
  readonly size: number
  /** The chunk's name, and where in it the part begins. */
  readonly chunk: string
  readonly offset: number
}

export interface Chunked {
  readonly graph: Graph
  /** The sizes of the chunks of each state vector that has some, by its name. */
  readonly sizes: ReadonlyMap<string, readonly number[]>
  readonly views: readonly View[]
}

export const chunkName = (name: string, i: number): string => `${name}/${i}`

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

/** Where each part begins, and where the last one ends. */
const edgesOf = (sizes: readonly number[]): number[] => {
  let end = 0
  return [0, ...sizes.map(size => (end += size))]
}

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

/** Chunks as large as asked for, but cut wherever the graph cuts. */
const coarse = (graph: Graph, length: number, least: number): readonly number[] => {
  const { finest, others } = splitsOf(graph, length)
  let last = 0
  const kept = edgesOf(finest)
    .slice(1, -1)
    .filter(edge => {
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

/** The same operation of other operands. */
const again = (node: Node, operands: readonly Value[]): Value =>
  apply(operationOf(node), operands, node.attributes)[0]

/** Laws of vectors in chunks, which are concatenations that these rules have made. */
const chunkRules = (usual: ReadonlyMap<number, readonly number[]>) => {
  const chunked = new Set<Value>()
  const views = new Map<string, View>()
  const parts = new Map<string, Value>()
  const whole = (chunks: readonly Value[]): Value => {
    if (chunks.length === 1) return chunks[0]
    const value = concat(chunks, 0)
    chunked.add(value)
    return value
  }
  const chunksOf = (value: Value): readonly Value[] | undefined =>
    chunked.has(value) ? value.node?.inputs : undefined

  /** A value in chunks of these sizes, whatever it is. */
  const inChunks = (value: Value, sizes: readonly number[]): readonly Value[] => {
    const known = chunksOf(value)
    if (known?.map(lengthOf).join() === sizes.join()) return known
    if (sizeOf(value.shape) === 1) return sizes.map(() => value)
    const fill = fillOf(value)
    if (fill !== undefined) return sizes.map(size => constant(fill, [size]))
    return sizes.length === 1 ? [value] : split(value, sizes, 0)
  }
  /** Parts of a chunk: views where it is an input. */
  const partsOf = (chunk: Value, sizes: readonly number[]): readonly Value[] => {
    const { name } = chunk
    if (name === undefined || sizes.length === 1) return inChunks(chunk, sizes)
    const edges = edgesOf(sizes)
    return sizes.map((size, i) => {
      const view = { name: `${name}:${edges[i]}`, size, chunk: name, offset: edges[i] }
      const part = parts.get(view.name) ?? input(view.name, [size])
      parts.set(view.name, part)
      views.set(view.name, view)
      return part
    })
  }
  /** What the first operand of a node is in chunks of, if it is. */
  const ofChunks =
    (op: OperationName) =>
    (node: Node): { node: Node; chunks: readonly Value[] } | undefined => {
      const chunks = node.op === op ? chunksOf(node.inputs[0]) : undefined
      return chunks && { node, chunks }
    }

  const rules: readonly Rule[] = [
    rule({
      // A split of a concatenation cuts its chunks, and concatenates what spans several.
      name: 'splitOfChunks',
      match: ofChunks('split'),
      replace: ({ node, chunks }) => {
        const edges = edgesOf(chunks.map(lengthOf))
        const goals = edgesOf(node.outputs.map(lengthOf))
        const all = [...new Set([...edges, ...goals])].sort((a, b) => a - b)
        const cuts = chunks.flatMap((chunk, i) =>
          partsOf(chunk, sizesBetween(all.filter(at => at >= edges[i] && at <= edges[i + 1]))),
        )
        return node.outputs.map((_, i) =>
          whole(cuts.filter((_, at) => all[at] >= goals[i] && all[at] < goals[i + 1])),
        )
      },
    }),
    rule({
      // A concatenation as long as a vector in chunks is one of concatenations, a chunk each.
      name: 'concatInChunks',
      match: node => {
        const sizes = node.op === 'concat' ? usual.get(lengthOf(node.outputs[0])) : undefined
        return sizes && { node, sizes }
      },
      replace: ({ node: { inputs }, sizes }) => {
        const edges = edgesOf(sizes)
        const groups: Value[][] = sizes.map(() => [])
        let at = 0
        for (const value of inputs) {
          const end = at + lengthOf(value)
          const inner = [at, ...edges.filter(edge => edge > at && edge < end), end]
          for (const part of inChunks(value, sizesBetween(inner))) {
            groups[edges.findLastIndex(edge => edge <= at)].push(part)
            at += lengthOf(part)
          }
        }
        return [whole(groups.map(group => concat(group, 0)))]
      },
    }),
    rule({
      // f(concat(a, b), c) = concat(f(a, c₁), f(b, c₂))
      name: 'elementwiseInChunks',
      match: node => {
        if (!ELEMENTWISE.has(node.op) || node.outputs[0].shape.length !== 1) return undefined
        const sizes = node.inputs.map(value => chunksOf(value)?.map(lengthOf)).find(found => found)
        return sizes && { node, sizes }
      },
      replace: ({ node, sizes }) => {
        const columns = node.inputs.map(value => inChunks(value, sizes))
        const row = (i: number): Value[] => columns.map(column => column[i])
        return [whole(sizes.map((_, i) => again(node, row(i))))]
      },
    }),
    rule({
      name: 'allFiniteInChunks',
      match: node => (node.op === 'allFinite' && node.inputs.some(chunksOf) ? node : undefined),
      replace: ({ inputs }) => [allFinite(inputs.flatMap(x => chunksOf(x) ?? [x]))],
    }),
    rule({
      // Σ over all of concat(a, b) = Σ a + Σ b
      name: 'normOfChunks',
      match: ofChunks('reduceSumSquare'),
      refuse: ({ node }) => {
        const { axes, keepDims } = attributesOf(node, 'reduceSumSquare')
        return keepDims || axes.length === 0 ? 'the result is a vector' : undefined
      },
      replace: ({ node, chunks }) => [
        chunks.map(chunk => again(node, [chunk])).reduce((sum, one) => add(sum, one)),
      ],
    }),
  ]
  return { rules, views, whole, inChunks }
}

/**
 * Rewrites a graph whose state is known by name. Without large vectors among it the graph stays as it
 * is.
 * @param least - elements of a chunk, about
 */
export const chunkVectors = (given: Graph, state: readonly string[], least: number): Chunked => {
  const sizes = new Map<string, readonly number[]>()
  /** Sizes of chunks by the length of the vector, for those that come back. */
  const usual = new Map<number, readonly number[]>()
  const { rules, views, whole, inChunks } = chunkRules(usual)
  const inputs = new Map<Value, Value>()
  for (const value of given.inputs) {
    const { name = '' } = value
    const length = lengthOf(value)
    if (!state.includes(name) || length < 2 * least) continue
    const returned = name in given.outputs
    const own = returned ? coarse(given, length, least) : splitsOf(given, length).finest
    if (own.length === 1) continue
    if (returned) usual.set(length, own)
    sizes.set(name, own)
    inputs.set(value, whole(own.map((size, i) => input(chunkName(name, i), [size]))))
  }
  if (sizes.size === 0) return { graph: given, sizes, views: [] }
  const { outputs } = rewrite(given, rules, inputs).graph
  const named = Object.entries(outputs).flatMap(([name, value]): [string, Value][] => {
    const own = sizes.get(name)
    if (own === undefined) return [[name, value]]
    return inChunks(value, own).map((chunk, i) => [chunkName(name, i), chunk])
  })
  return { graph: graph(Object.fromEntries(named)), sizes, views: [...views.values()] }
}
