/**
 * The rules by which a node joins a kernel. Nodes are taken in the graph's order, and each joins a
 * kernel begun before, if these allow it:
 *
 * - A kernel goes over one domain: maps of its shape, then folds of those over the same axes, then
 *   maps of what is left. What a later kernel reads of it is stored on the way.
 * - A node joins the last kernel that it reads, or a later one that reads the same tensor, since all
 *   that it reads is known by then.
 * - Inside a kernel an element is read where it is computed: nothing moves between threads.
 * - A kernel uses no more buffers and shared memory than the device has.
 */

import { type Node, type Shape, sizeOf, type Value } from '../../graph/index.ts'
import type { Layouts } from './layout.ts'
import { COPY, foldedAxes, kindOf } from './operations.ts'
import { domainOf, isSame, type Leaf, type Reads, squeezed } from './reads.ts'

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

/** Small maps are worth a launch less, whatever they read. */
const SMALL = 4096

/** What a fold shares takes 4 KiB at most, and WebGPU promises 16. */
const MOST_FOLDS = 4

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

/** The kernels so far, and how nodes come into them. */
export const newJoining = (reads: Reads, layouts: Layouts, maxBuffers: number) => {
  const { results, leavesOfNode, isReadOutside } = reads
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
    // A copy is made to be stored; who reads it need not be a node.
    for (const value of inside)
      if (value.node?.op === COPY || isReadOutside(value, nodes)) buffers.add(bufferOf(value))
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
      const isFull = group.nodes.filter(other => kindOf(other) === 'fold').length >= MOST_FOLDS
      return isWhole && !isFull && (group.axes?.join() ?? axes) === axes ? 'after' : undefined
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
  return { steps, homes, bufferOf, countBuffers, join: joinAny, begin }
}

export type Joining = ReturnType<typeof newJoining>
