/** Who reads the values of a graph. */

import type { Graph, Node, Value } from '../graph/index.ts'

/** The one node that reads a value, where there is only one; being an output of the graph counts as reading. */
export type SoleReader = (value: Value) => Node | undefined

export const soleReaders = ({ nodes, outputs }: Graph): SoleReader => {
  const readers = new Map<Value, Node | undefined>()
  const add = (value: Value, reader: Node | undefined): void => {
    readers.set(value, readers.has(value) ? undefined : reader)
  }
  for (const node of nodes) for (const value of node.inputs) add(value, node)
  for (const value of Object.values(outputs)) add(value, undefined)
  return value => readers.get(value)
}
