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
 * Views cost nothing. A light map of one tensor is not stored where kernels alone read it, but done
 * again in each. What the libraries do is a step of its own, and reads and writes memory.
 */

import { type Graph, type Node, type Shape, sizeOf, type Value } from '../../graph/index.ts'
import type { ConstantAttributes } from '../../ops/constant.ts'
import type { Layouts } from './layout.ts'
import { COPY, foldedAxes, isLight, kindOf, readsOften } from './operations.ts'
import { isRowMajor } from './placement.ts'

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

/** A value in memory that others are computed of; exact where element by element. */
export interface Leaf {
  readonly value: Value
  readonly exact: boolean
  /** How many of its elements are read, at most. */
  readonly size: number
}

export interface Grouped {
  readonly steps: readonly PlannedStep[]
  /** What lies in memory of a value, or of what it is computed of. */
  leavesOf(value: Value): readonly Leaf[]
  /** Whether a value is computed where it is read. */
  isInlined(value: Value): boolean
  /** Copies of values whose own memory does not do, by their originals. */
  readonly copies: ReadonlyMap<Value, Value>
  readonly homes: ReadonlyMap<Value, Home>
  /** The values that the graph's outputs are read from, by name. */
  readonly returned: ReadonlyMap<string, Value>
}

/** Horizontally small ones are worth a launch less, whatever they read. */
const SMALL = 4096

export const squeezed = (shape: Shape): number[] => shape.filter(size => size !== 1)

const isSame = (a: Shape, b: Shape): boolean => squeezed(a).join() === squeezed(b).join()

/** Axes of a shape as axes of the shape without its ones. */
export const squeezedAxes = (axes: readonly number[], shape: Shape): number[] =>
  axes.filter(axis => shape[axis] !== 1).map(axis => squeezed(shape.slice(0, axis)).length)

export const remaining = ({ shape, axes = [] }: Pick<Group, 'shape' | 'axes'>): Shape =>
  shape.filter((_, axis) => !axes.includes(axis))

/** The nodes that read each value, and whether the graph returns it. */
const readersOf = ({ nodes, outputs }: Graph) => {
  const readers = new Map<Value, Node[]>()
  for (const node of nodes)
    for (const value of node.inputs) readers.set(value, [...(readers.get(value) ?? []), node])
  const results = new Set(Object.values(outputs))
  return { readers: (value: Value) => readers.get(value) ?? [], results }
}

/** What a node goes over: what it folds, or what it gives. */
export const domainOf = (node: Node): Shape =>
  (kindOf(node) === 'fold' ? node.inputs[0] : node.outputs[0]).shape

/** A constant of one number, which needs no memory. */
export const isFilled = ({ node }: Value): boolean =>
  node?.op === 'constant' && (node.attributes as ConstantAttributes).data.length === 1

/** The name of the buffer that the results of one kernel's folds share; undefined of other values. */
export const sharedBuffer = (
  value: Value,
  home: Home | undefined,
  results: ReadonlySet<Value>,
): string | undefined =>
  home?.level === 'after' && !results.has(value) ? `${home.step} ${value.dtype}` : undefined

export const groupNodes = (graph: Graph, layouts: Layouts, maxBuffers: number): Grouped => {
  const { readers, results } = readersOf(graph)
  const steps: PlannedStep[] = []
  const homes = new Map<Value, Home>()
  const inlined = new Set<Value>()
  const copies = new Map<Value, Value>()
  const known = new Map<Value, readonly Leaf[]>()

  const isSeenThrough = ({ node }: Value): boolean =>
    node !== undefined && (kindOf(node) === 'view' || inlined.has(node.outputs[0]))

  const leavesOf = (value: Value): readonly Leaf[] => {
    if (isFilled(value)) return []
    if (!isSeenThrough(value)) return [{ value, exact: true, size: sizeOf(value.shape) }]
    const leaves = known.get(value) ?? leavesOfNode(value.node as Node)
    known.set(value, leaves)
    return leaves
  }
  const leavesOfNode = (node: Node): readonly Leaf[] => {
    const leaves = new Map<Value, Leaf>()
    const isView = kindOf(node) === 'view'
    const shown = isView ? sizeOf(node.outputs[0].shape) : Number.POSITIVE_INFINITY
    for (const input of node.inputs)
      for (const { value, exact, size } of leavesOf(input)) {
        const isSo = exact && !readsOften(node) && isSame(input.shape, domainOf(node))
        const before = leaves.get(value) ?? { exact: true, size: 0 }
        leaves.set(value, {
          value,
          exact: isSo && before.exact,
          size: Math.max(Math.min(size, shown), before.size),
        })
      }
    return [...leaves.values()]
  }

  /** What names the buffer that a value will lie in: the results of folds of one kernel share one. */
  const bufferOf = (value: Value): unknown => {
    const home = layouts.layoutOf(value)?.home ?? value
    return sharedBuffer(home, homes.get(home), results) ?? home
  }
  const isReadOutside = (value: Value, nodes: readonly Node[]): boolean =>
    results.has(value) ||
    readers(value).some(reader =>
      isSeenThrough(reader.outputs[0])
        ? reader.outputs.some(output => isReadOutside(output, nodes))
        : !nodes.includes(reader),
    )
  const countBuffers = (step: number, nodes: readonly Node[]): number => {
    const inside = new Set(nodes.flatMap(({ outputs }) => outputs))
    const read = nodes.flatMap(leavesOfNode).filter(({ value }) => !inside.has(value))
    const buffers = new Set(read.map(({ value }) => bufferOf(value)))
    for (const value of inside)
      if (isReadOutside(value, nodes))
        buffers.add(homes.has(value) ? bufferOf(value) : `${step} ${value.dtype}`)
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
      if (!isRelated || countBuffers(step, [...group.nodes, node]) > maxBuffers) continue
      join(step, node, level)
      return true
    }
    return false
  }

  const begin = (node: Node): void => {
    steps.push({ kind: 'group', shape: squeezed(domainOf(node)), nodes: [] })
    join(steps.length - 1, node, kindOf(node) === 'fold' ? 'after' : 'before')
  }

  /** Whether all that reads a value is larger. */
  const isMinor = (value: Value): boolean =>
    readers(value).every(reader => sizeOf(domainOf(reader)) > sizeOf(value.shape))

  /** Whether kernels alone read a value, each element as often as they have such. */
  const isForKernels = (value: Value): boolean =>
    !results.has(value) &&
    readers(value).every(reader => {
      const kind = kindOf(reader)
      if (kind === 'view') return reader.outputs.every(isForKernels)
      return (kind === 'map' || kind === 'fold') && !readsOften(reader)
    })

  /** Whether a node is better done again by each of its readers than stored. */
  const isCheap = (node: Node): boolean => {
    const [value] = node.outputs
    if (kindOf(node) !== 'map' || !isLight(node) || !isForKernels(value)) return false
    const leaves = leavesOfNode(node)
    const large = leaves.filter(({ size }) => size >= sizeOf(value.shape))
    const most = readers(value).some(({ op }) => op === 'where') ? 2 : 3
    return (
      new Set(leaves.map(leaf => bufferOf(leaf.value))).size <= most &&
      (large.length <= 1 || isMinor(value))
    )
  }

  const place = (node: Node): void => {
    const [value] = node.outputs
    if (!isCheap(node)) {
      if (!joinAny(node)) begin(node)
    } else if (!isMinor(value) || !joinAny(node)) inlined.add(value)
  }

  /** A value in memory of its own. */
  const copyOf = (value: Value): Value => {
    const outputs: Value[] = []
    const path = value.node?.path ?? ''
    const node: Node = { op: COPY, attributes: {}, inputs: [value], outputs, path }
    outputs.push({ dtype: value.dtype, shape: value.shape, node, index: 0 })
    return outputs[0]
  }
  const stepOfAll = (values: readonly Value[]): number =>
    Math.max(0, ...values.flatMap(leavesOf).map(({ value }) => homes.get(value)?.step ?? 0))

  for (const node of graph.nodes) {
    const [output] = node.outputs
    const kind = kindOf(node)
    if (kind === 'map' || kind === 'fold') place(node)
    if (kind === 'library') {
      for (const input of node.inputs) {
        if (layouts.layoutOf(input) !== undefined || copies.has(input)) continue
        copies.set(input, copyOf(input))
        begin(copies.get(input)?.node as Node)
      }
      steps.push({ kind: 'library', node })
      homes.set(output, { step: steps.length - 1, level: 'elsewhere' })
    }
    if (kind !== 'concat') continue
    const parts = node.inputs.map((input, part) => {
      if (layouts.isInPlace(output, part)) return layouts.rootOf(input)
      const made = copyOf(input)
      layouts.claim(made, output, part)
      if (!joinAny(made.node as Node)) begin(made.node as Node)
      return made
    })
    homes.set(output, { step: stepOfAll(parts), level: 'elsewhere' })
  }
  const results2 = Object.entries(graph.outputs)
  const taken = new Set<Value>()
  const returned = new Map<string, Value>()
  for (const [name, value] of results2) {
    const isInput =
      value.node === undefined &&
      (value.name === name || !graph.inputs.some(input => input.name === name))
    const layout = layouts.layoutOf(value)
    const root = layouts.rootOf(value)
    const isOwn =
      layout?.home === root &&
      layout.offset === 0 &&
      sizeOf(root.shape) === sizeOf(value.shape) &&
      isRowMajor({ shape: value.shape, strides: layout.strides }) &&
      homes.has(root) &&
      !taken.has(root)
    const made = isInput || isOwn ? value : copyOf(value)
    taken.add(layouts.rootOf(made))
    returned.set(name, made)
    if (made === value) continue
    layouts.keepRowMajor(made)
    begin(made.node as Node)
  }
  return { steps, leavesOf, isInlined: value => inlined.has(value), copies, homes, returned }
}
