/**
 * State that changes on a condition, as a decision after the run instead of a choice for every
 * element: where each state output is `where(condition, next, the state input of that name)`, the
 * graph returns `next`, and the engine keeps it or drops it. Exact; no work instead of a copy.
 */

import { type Graph, graph, type Value } from '../graph/index.ts'

export interface ConditionalState {
  readonly graph: Graph
  /** The output that says whether next state counts; always where undefined. */
  readonly condition: string | undefined
}

/**
 * Rewrites a graph whose state outputs all depend on one scalar, which is an output too; any other
 * graph stays as it is.
 */
export const conditionalState = (given: Graph, names: readonly string[]): ConditionalState => {
  const unchanged = { graph: given, condition: undefined }
  const returned = names.filter(name => name in given.outputs)
  const conditions = new Set<Value | undefined>()
  const outputs = { ...given.outputs }
  for (const name of returned) {
    const { node } = given.outputs[name]
    const isChoice = node?.op === 'where' && node.inputs[2].name === name
    const [condition, next] = isChoice ? node.inputs : []
    if (next?.shape.join() !== given.outputs[name].shape.join()) return unchanged
    conditions.add(condition)
    outputs[name] = next
  }
  const [only, ...others] = conditions
  const condition = Object.keys(given.outputs).find(name => given.outputs[name] === only)
  if (only?.shape.length !== 0 || others.length > 0 || condition === undefined) return unchanged
  // Inputs stay as they are: state that only the choices read is still written and read.
  return { graph: { ...graph(outputs), inputs: given.inputs }, condition }
}
