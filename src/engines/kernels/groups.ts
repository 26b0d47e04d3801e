/**
 * Which nodes become one kernel, by the rules of `joining.ts`. Views cost nothing. A light map is not
 * stored, but done again by each kernel that reads it, where that reads no more than storing would
 * (`cheap.ts`). What the libraries do is a step of its own, and reads and writes memory.
 */

import { type Graph, type Node, sizeOf, type Value } from '../../graph/index.ts'
import { isCheap } from './cheap.ts'
import { type Home, newJoining, type PlannedStep } from './joining.ts'
import type { Layouts } from './layout.ts'
import { COPY, kindOf } from './operations.ts'
import { isRowMajor } from './placement.ts'
import { newReads, type Reads } from './reads.ts'

export interface Grouped {
  readonly steps: readonly PlannedStep[]
  readonly reads: Reads
  readonly homes: ReadonlyMap<Value, Home>
  /** The values that the graph's outputs are read from, by name. */
  readonly returned: ReadonlyMap<string, Value>
}

export const groupNodes = (graph: Graph, layouts: Layouts, maxBuffers: number): Grouped => {
  const reads = newReads(graph, layouts.rootOf)
  const joining = newJoining(reads, layouts, maxBuffers)
  const { steps, homes } = joining

  /** A value in memory of its own, computed by a step before. */
  const copy = (value: Value): Value => {
    const outputs: Value[] = []
    const path = value.node?.path ?? ''
    const node: Node = { op: COPY, attributes: {}, inputs: [value], outputs, path }
    outputs.push({ dtype: value.dtype, shape: value.shape, node, index: 0 })
    return outputs[0]
  }
  const store = (node: Node): void => {
    if (!joining.join(node)) joining.begin(node)
  }

  /** Has the inputs of a node that reads too many buffers stored, those that read most first. */
  const limit = (node: Node): void => {
    while (joining.countBuffers([node]) > maxBuffers) {
      const count = (value: Value): number =>
        new Set(reads.leavesOf(value).map(leaf => joining.bufferOf(leaf.value))).size
      const inputs = reads.inputsOf(node)
      const most = inputs.reduce(
        (best, input, i) => (count(input) > count(inputs[best]) ? i : best),
        0,
      )
      if (count(inputs[most]) < 2) return
      const made = copy(inputs[most])
      store(made.node as Node)
      reads.substitute(node, most, made)
    }
  }

  const place = (node: Node): void => {
    const [value] = node.outputs
    if (isCheap(node, reads, joining, maxBuffers) && !(reads.isMinor(value) && joining.join(node)))
      reads.inlined.add(value)
    else if (!homes.has(value)) {
      limit(node)
      store(node)
    }
  }

  const copies = new Map<Value, Value>()
  const placeLibrary = (node: Node): void => {
    for (const [i, input] of node.inputs.entries()) {
      if (layouts.layoutOf(input) !== undefined) continue
      const made = copies.get(input) ?? copy(input)
      if (!copies.has(input)) joining.begin(made.node as Node)
      copies.set(input, made)
      reads.substitute(node, i, made)
    }
    steps.push({ kind: 'library', node })
    homes.set(node.outputs[0], { step: steps.length - 1, level: 'elsewhere' })
  }

  const placeConcat = (node: Node): void => {
    const [output] = node.outputs
    const parts = node.inputs.map((input, part) => {
      if (layouts.isInPlace(output, part)) return layouts.rootOf(input)
      const made = copy(input)
      layouts.claim(made, output, part)
      store(made.node as Node)
      return made
    })
    const last = Math.max(
      ...parts.flatMap(reads.leavesOf).map(({ value }) => homes.get(value)?.step ?? 0),
    )
    homes.set(output, { step: last, level: 'elsewhere' })
  }

  /** Has each output lie in a buffer of its own, row-major, unless it is an input. */
  const placeOutputs = (): ReadonlyMap<string, Value> => {
    const inputs = new Set(graph.inputs.map(({ name }) => name))
    const taken = new Set<Value>()
    const isOwn = (value: Value): boolean => {
      const [layout, root] = [layouts.layoutOf(value), layouts.rootOf(value)]
      const isWhole = layout?.offset === 0 && sizeOf(root.shape) === sizeOf(value.shape)
      const lies = isWhole && isRowMajor({ shape: value.shape, strides: layout.strides })
      return lies && layout.home === root && homes.has(root) && !taken.has(root)
    }
    const returned = new Map<string, Value>()
    for (const [name, value] of Object.entries(graph.outputs)) {
      const isInput = value.node === undefined && (value.name === name || !inputs.has(name))
      const made = isInput || isOwn(value) ? value : copy(value)
      taken.add(layouts.rootOf(made))
      returned.set(name, made)
      if (made === value) continue
      layouts.keepRowMajor(made)
      joining.begin(made.node as Node)
    }
    return returned
  }

  for (const node of graph.nodes) {
    const kind = kindOf(node)
    if (kind === 'map' || kind === 'fold') place(node)
    if (kind === 'library') placeLibrary(node)
    if (kind === 'concat') placeConcat(node)
  }
  return { steps, reads, homes, returned: placeOutputs() }
}
