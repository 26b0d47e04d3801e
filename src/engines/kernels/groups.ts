/**
 * Which nodes become one kernel. Nodes are taken in the graph's order, and each joins a kernel
 * begun before, if these rules allow it:
 *
 * - A kernel goes over one domain: maps of its shape, then folds of those over the same axes, then
 *   maps of what is left. What a later kernel reads of it is stored on the way.
 * - A node joins the last kernel that it reads, or a later one that reads the same tensor, since all
 *   that it reads is known by then.
 * - Inside a kernel an element is read where it is computed: nothing moves between threads.
 * - A kernel uses as many buffers as the device allows.
 *
 * Views cost nothing. A light map is not stored, but done again by each kernel that reads it, where
 * that reads no more than storing would (`isCheap`). What the libraries do is a step of its own, and
 * reads and writes memory.
 */

import { type Graph, type Node, type Shape, sizeOf, type Value } from '../../graph/index.ts'
import type { Layouts } from './layout.ts'
import { COPY, foldedAxes, isLight, kindOf } from './operations.ts'
import { isRowMajor } from './placement.ts'
import {
  domainOf,
  isSame,
  type Leaf,
  newReads,
  type Reads,
  squeezed,
  tensorsBehind,
} from './reads.ts'

/** A kernel to be. */
export interface Group {
  readonly kind: 'group'
  /** Its domain, without axes of size 1. */
  readonly shape: Shape
  /** The axes of the domain that its folds go over. */
  axes?: readonly number[] | undefined
  readonly nodes: Node[]
}

export type PlannedStep = Group | { readonly kind: 'library'; readonly node: Node }

/** Where in the steps a value is computed, and at which end of a fold. */
export interface Home {
  readonly step: number
  readonly level: 'before' | 'after' | 'elsewhere'
}

export interface Grouped {
  readonly steps: readonly PlannedStep[]
  readonly reads: Reads
  readonly homes: ReadonlyMap<Value, Home>
  /** The values that the graph's outputs are read from, by name. */
  readonly returned: ReadonlyMap<string, Value>
}

/** Small maps are worth a launch less, whatever they read. */
const SMALL = 4096

/** How many buffers what is done again may read: of two such operands and a result there is room. */
const CHEAP_BUFFERS = 4

/** Axes of a shape as axes of the shape without its ones. */
export const squeezedAxes = (axes: readonly number[], shape: Shape): number[] =>
  axes.filter(axis => shape[axis] !== 1).map(axis => squeezed(shape.slice(0, axis)).length)

const remaining = ({ shape, axes = [] }: Group): Shape =>
  shape.filter((_, axis) => !axes.includes(axis))

/** The name of the buffer that the results of one kernel's folds share; undefined of other values. */
export const sharedBuffer = (
  value: Value,
  home: Home | undefined,
  results: ReadonlySet<Value>,
): string | undefined =>
  home?.level === 'after' && !results.has(value) ? `${home.step} ${value.dtype}` : undefined

export const groupNodes = (graph: Graph, layouts: Layouts, maxBuffers: number): Grouped => {
  const reads = newReads(graph, layouts.rootOf)
  const { results, inlined, readersOf, leavesOf, leavesOfNode, isReadOutside, isMinor } = reads
  const cheapBuffers = Math.min(CHEAP_BUFFERS, Math.floor(maxBuffers / 2))
  const steps: PlannedStep[] = []
  const homes = new Map<Value, Home>()

  /** What names the buffer that a value will lie in: the results of folds of one kernel share one. */
  const bufferOf = (value: Value): unknown => {
    const home = layouts.layoutOf(value)?.home ?? value
    return sharedBuffer(home, homes.get(home), results) ?? home
  }
  /** How many buffers a kernel of these nodes would use. */
  const countBuffers = (nodes: readonly Node[]): number => {
    const inside = new Set(nodes.flatMap(({ outputs }) => outputs))
    const read = nodes.flatMap(leavesOfNode).filter(({ value }) => !inside.has(value))
    const buffers = new Set(read.map(({ value }) => bufferOf(value)))
    for (const value of inside) if (isReadOutside(value, nodes)) buffers.add(bufferOf(value))
    return buffers.size
  }

  /** The end of a group's fold at which a node may join it. */
  const levelIn = (
    step: number,
    node: Node,
    leaves: readonly Leaf[],
  ): Home['level'] | undefined => {
    const group = steps[step]
    if (group.kind !== 'group') return undefined
    const domain = domainOf(node)
    const own = leaves.filter(({ value }) => homes.get(value)?.step === step)
    if (own.some(({ exact }) => !exact)) return undefined
    const readsAll = (level: Home['level']): boolean =>
      own.every(({ value }) => homes.get(value)?.level === level)
    const isWhole = isSame(domain, group.shape) && readsAll('before')
    if (kindOf(node) === 'fold') {
      const axes = squeezedAxes(foldedAxes(node) ?? [], domain).join()
      return isWhole && (group.axes?.join() ?? axes) === axes ? 'after' : undefined
    }
    if (isWhole) return 'before'
    const isLeft = group.axes !== undefined && isSame(domain, remaining(group))
    return isLeft && readsAll('after') ? 'after' : undefined
  }

  const join = (step: number, node: Node, level: Home['level']): void => {
    const group = steps[step] as Group
    if (kindOf(node) === 'fold') group.axes = squeezedAxes(foldedAxes(node) ?? [], domainOf(node))
    group.nodes.push(node)
    homes.set(node.outputs[0], { step, level })
  }

  /** Joins the first group that will have the node. */
  const joinAny = (node: Node): boolean => {
    const leaves = leavesOfNode(node)
    const size = sizeOf(domainOf(node))
    const stepOf = ({ value }: Leaf): number => homes.get(value)?.step ?? -1
    const large = leaves.filter(leaf => leaf.size >= size).map(leaf => leaf.value)
    const shares = ({ nodes }: Group): boolean =>
      nodes.some(other => leavesOfNode(other).some(({ value }) => large.includes(value)))
    for (let step = Math.max(0, ...leaves.map(stepOf)); step < steps.length; step++) {
      const group = steps[step]
      const level = levelIn(step, node, leaves)
      if (level === undefined || group.kind !== 'group') continue
      const isRelated = leaves.some(leaf => stepOf(leaf) === step) || size <= SMALL || shares(group)
      if (!isRelated || countBuffers([...group.nodes, node]) > maxBuffers) continue
      join(step, node, level)
      return true
    }
    return false
  }

  const begin = (node: Node): void => {
    steps.push({ kind: 'group', shape: squeezed(domainOf(node)), nodes: [] })
    join(steps.length - 1, node, kindOf(node) === 'fold' ? 'after' : 'before')
  }

  /**
   * Whether a map is better done again by each of its readers than stored: it is small beside them, or
   * there is one, or it reads one tensor more than they read anyway.
   */
  const isCheap = (node: Node): boolean => {
    const [value] = node.outputs
    if (kindOf(node) !== 'map' || !isLight(node) || !reads.isForKernels(value)) return false
    const leaves = leavesOfNode(node)
    if (new Set(leaves.map(leaf => bufferOf(leaf.value))).size > cheapBuffers) return false
    const size = sizeOf(value.shape)
    const large = leaves.filter(leaf => leaf.size >= size).map(leaf => leaf.value)
    if (large.length <= 1 || isMinor(value)) return true
    const readers = readersOf(value)
    if (readers.length === 1 && isSame(domainOf(readers[0]), value.shape)) return true
    const isStored = (one: Value): boolean => homes.has(one)
    const beside = readers
      .flatMap(reader => reader.inputs)
      .filter(input => input !== value)
      .flatMap(input => tensorsBehind(input, size, isStored))
    return large.length === 2 && large.some(one => beside.includes(one))
  }

  /** A value in memory of its own, computed by a step before. */
  const copy = (value: Value): Value => {
    const outputs: Value[] = []
    const path = value.node?.path ?? ''
    const node: Node = { op: COPY, attributes: {}, inputs: [value], outputs, path }
    outputs.push({ dtype: value.dtype, shape: value.shape, node, index: 0 })
    return outputs[0]
  }
  const store = (node: Node): void => {
    if (!joinAny(node)) begin(node)
  }

  /** Has the inputs of a node that reads too many buffers stored, those that read most first. */
  const limit = (node: Node): void => {
    while (countBuffers([node]) > maxBuffers) {
      const count = (value: Value): number =>
        new Set(leavesOf(value).map(leaf => bufferOf(leaf.value))).size
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
    if (isCheap(node) && !(isMinor(value) && joinAny(node))) inlined.add(value)
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
      if (!copies.has(input)) begin(made.node as Node)
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
      ...parts.flatMap(leavesOf).map(({ value }) => homes.get(value)?.step ?? 0),
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
      begin(made.node as Node)
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
