/** Rewrites as data: a graph and rules in, a new graph out, with how often each rule applied. */

import { type Graph, graph, type Node, scope, type Value } from '../graph/index.ts'

/** A law that holds of some nodes: what is computed instead of them. */
export interface Rule<Captures = unknown> {
  readonly name: string
  /** What the law is about, if it is about this node; operands have been rewritten already. */
  match(node: Node): Captures | undefined
  /** Why the law does not apply here; undefined where it does. */
  refuse?(captures: Captures, uses: Uses): string | undefined
  /** The values that take the place of the node's outputs, in order. */
  replace(captures: Captures): readonly Value[]
}

/** How often a value is read: as an input of a node, or as an output of the graph. */
export type Uses = (value: Value) => number

export interface Refusal {
  readonly rule: string
  /** The layer path of the node. */
  readonly at: string
  readonly because: string
}

export interface Rewritten {
  readonly graph: Graph
  /** How often each rule applied. */
  readonly applied: Readonly<Record<string, number>>
  readonly refused: readonly Refusal[]
}

/** Declares a rule whose captures are inferred from its `match`. */
export const rule = <Captures>(given: Rule<Captures>): Rule => given as Rule

const countUses = ({ nodes, outputs }: Graph): Map<Value, number> => {
  const counts = new Map<Value, number>()
  for (const value of [...nodes.flatMap(({ inputs }) => inputs), ...Object.values(outputs)])
    counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}

/** The same operation of other values. */
const reapplied = (node: Node, inputs: readonly Value[]): Node => {
  const outputs: Value[] = []
  const made: Node = { ...node, inputs, outputs }
  for (const output of node.outputs) outputs.push({ ...output, node: made })
  return made
}

/**
 * Applies rules to every node, producers first, the first rule that matches and is not refused. The
 * given graph stays as it is; of the new one every value's node is one of its nodes.
 * @param inputs - values that take the place of inputs
 */
export const rewrite = (
  given: Graph,
  rules: readonly Rule[],
  inputs: ReadonlyMap<Value, Value> = new Map(),
): Rewritten => {
  const uses = countUses(given)
  const replaced = new Map(inputs)
  const now = (value: Value): Value => replaced.get(value) ?? value
  const substitute = (olds: readonly Value[], news: readonly Value[]): void => {
    for (const [i, old] of olds.entries()) {
      replaced.set(old, news[i])
      uses.set(news[i], Math.max(uses.get(news[i]) ?? 0, uses.get(old) ?? 0))
    }
  }
  const applied: Record<string, number> = Object.fromEntries(rules.map(({ name }) => [name, 0]))
  const refused: Refusal[] = []
  /** What the first rule that applies makes of a node. */
  const replacement = (node: Node): readonly Value[] | undefined => {
    for (const { name, match, refuse, replace } of rules) {
      const captures = match(node)
      if (captures === undefined) continue
      const because = refuse?.(captures, value => uses.get(value) ?? 0)
      if (because === undefined) {
        applied[name]++
        return scope(node.path, () => replace(captures))
      }
      refused.push({ rule: name, at: node.path, because })
    }
    return undefined
  }
  for (const node of given.nodes) {
    const operands = node.inputs.map(now)
    const isSame = operands.every((value, i) => value === node.inputs[i])
    const current = isSame ? node : reapplied(node, operands)
    if (!isSame) substitute(node.outputs, current.outputs)
    const outputs = replacement(current)
    if (outputs !== undefined) substitute(node.outputs, outputs)
  }
  const outputs = Object.entries(given.outputs).map(([name, value]) => [name, now(value)])
  return { graph: graph(Object.fromEntries(outputs)), applied, refused }
}
