/**
 * A graph in parts, cut where processes exchange: for an engine that can't stop in the middle of one.
 * Values go from part to part by names.
 */

import { type Graph, graph, input, type Node, type Value } from '../graph/index.ts'

/** What is added up over the processes, and what the sums are called. */
export interface Exchange {
  readonly addends: readonly string[]
  readonly sums: readonly string[]
}

/** One part, and what is exchanged before it runs. */
export interface Part {
  readonly exchanges: readonly Exchange[]
  /** Its inputs are inputs of the whole, and what earlier parts and exchanges give, by name. */
  readonly graph: Graph
}

/** The parts in the order in which they run. */
export interface Split {
  readonly parts: readonly Part[]
  /** What each output of the whole is called among the values of the parts. */
  readonly outputs: Readonly<Record<string, string>>
}

/** How many exchanges lie on the longest way to each value: the part that it belongs to. */
const partsOf = (nodes: readonly Node[]): ReadonlyMap<Value, number> => {
  const found = new Map<Value, number>()
  for (const { op, inputs, outputs } of nodes) {
    const before = Math.max(0, ...inputs.map(value => found.get(value) ?? 0))
    for (const value of outputs) found.set(value, op === 'allReduce' ? before + 1 : before)
  }
  return found
}

/** Cuts a graph at its exchanges: one part more than the most that lie behind each other. */
export const splitAtExchanges = ({ nodes, outputs }: Graph): Split => {
  const part = partsOf(nodes)
  const partOf = (value: Value): number => part.get(value) ?? 0
  const isComputed = ({ node }: Value): boolean => node !== undefined && node.op !== 'allReduce'

  const names = new Map<Value, string>()
  const nameOf = (value: Value): string => {
    if (value.node === undefined) return value.name ?? ''
    const name = names.get(value) ?? `crossing:${names.size}`
    names.set(value, name)
    return name
  }
  const count = 1 + Math.max(0, ...part.values())
  const made = new Map<Value, Value>()
  const received = new Map<Value, Value>()
  const given = Array.from({ length: count }, () => new Set<Value>())
  const exchanges = Array.from({ length: count }, (): Exchange[] => [])

  /** A value that others ask for by name. */
  const asked = (value: Value): string => {
    if (isComputed(value)) given[partOf(value)].add(value)
    return nameOf(value)
  }
  /** A value as a node of some part sees it. */
  const seen = (value: Value, at: number): Value => {
    if (value.node === undefined) return value
    if (isComputed(value) && partOf(value) === at) return made.get(value) as Value
    const known = received.get(value) ?? input(asked(value), value.shape, value.dtype)
    received.set(value, known)
    return known
  }
  for (const node of nodes) {
    const at = partOf(node.outputs[0])
    if (node.op === 'allReduce') {
      exchanges[at].push({ addends: node.inputs.map(asked), sums: node.outputs.map(nameOf) })
      continue
    }
    const values: Value[] = []
    const own: Node = { ...node, inputs: node.inputs.map(v => seen(v, at)), outputs: values }
    for (const [index, value] of node.outputs.entries()) {
      values.push({ dtype: value.dtype, shape: value.shape, node: own, index })
      made.set(value, values[index])
    }
  }
  const named = Object.entries(outputs).map(([name, value]) => [name, asked(value)])
  const graphOf = (values: Iterable<Value>): Graph =>
    graph(Object.fromEntries(Array.from(values, v => [nameOf(v), made.get(v) as Value])))
  return {
    parts: given.map((values, at) => ({ exchanges: exchanges[at], graph: graphOf(values) })),
    outputs: Object.fromEntries(named),
  }
}
