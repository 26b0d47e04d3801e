/** A graph: named outputs and everything they depend on, in an order in which it can be computed. */

import { GraphError } from '../errors/index.ts'
import type { Node, Value } from './value.ts'

export interface Graph {
  readonly inputs: readonly Value[]
  /** Every node that an output depends on, producers before consumers. */
  readonly nodes: readonly Node[]
  readonly outputs: Readonly<Record<string, Value>>
}

/** Nodes that the values depend on, producers first, in the order of first use. */
export const dependencies = (values: Iterable<Value>): { nodes: Node[]; inputs: Value[] } => {
  const nodes: Node[] = []
  const inputs = new Set<Value>()
  const visited = new Set<Node>()
  // An explicit stack: a training step of a deep network overflows a recursive walk.
  for (const value of values) {
    const stack: { node: Node; next: number }[] = []
    const visit = ({ node }: Value): void => {
      if (node === undefined || visited.has(node)) return
      visited.add(node)
      stack.push({ node, next: 0 })
    }
    if (value.node === undefined) inputs.add(value)
    visit(value)
    while (stack.length > 0) {
      const top = stack[stack.length - 1]
      if (top.next < top.node.inputs.length) {
        const operand = top.node.inputs[top.next++]
        if (operand.node === undefined) inputs.add(operand)
        visit(operand)
      } else {
        nodes.push(top.node)
        stack.pop()
      }
    }
  }
  return { nodes, inputs: [...inputs] }
}

/**
 * Collects what the outputs need.
 * @throws GraphError when two different inputs have one name.
 */
export const graph = (outputs: Readonly<Record<string, Value>>): Graph => {
  const { nodes, inputs } = dependencies(Object.values(outputs))
  const names = new Set<string>()
  for (const { name = '' } of inputs) {
    if (names.has(name))
      throw new GraphError({
        where: `input ${name}`,
        expected: 'one input of this name',
        got: 'two',
        hint: 'Make the input once and use the same value everywhere',
      })
    names.add(name)
  }
  return { inputs, nodes, outputs }
}
