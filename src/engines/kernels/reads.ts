/** What the nodes of a graph read: of each value who reads it, and what lies in memory behind it. */

import { type Graph, type Node, type Shape, sizeOf, type Value } from '../../graph/index.ts'
import type { ConstantAttributes } from '../../ops/constant.ts'
import { isLight, kindOf, readsOften } from './operations.ts'

/** A value in memory that others are computed of. */
export interface Leaf {
  readonly value: Value
  /** Whether each element is read for the one at its own coordinates alone. */
  readonly exact: boolean
  /** How many of its elements are read, at most. */
  readonly size: number
}

export const squeezed = (shape: Shape): number[] => shape.filter(size => size !== 1)

export const isSame = (a: Shape, b: Shape): boolean => squeezed(a).join() === squeezed(b).join()

/** What a node goes over: what it folds, or what it gives. */
export const domainOf = (node: Node): Shape =>
  (kindOf(node) === 'fold' ? node.inputs[0] : node.outputs[0]).shape

/** A constant of one number, which needs no memory. */
export const isFilled = ({ node }: Value): boolean =>
  node?.op === 'constant' && (node.attributes as ConstantAttributes).data.length === 1

export const newReads = ({ nodes, outputs }: Graph, rootOf: (value: Value) => Value) => {
  const readers = new Map<Value, Node[]>()
  for (const node of nodes)
    for (const value of node.inputs) readers.set(value, [...(readers.get(value) ?? []), node])
  const results = new Set(Object.values(outputs).flatMap(value => [value, rootOf(value)]))
  /** Values that are computed where they are read. */
  const inlined = new Set<Value>()
  /** Nodes that read copies of some of their inputs. */
  const substituted = new Map<Node, readonly Value[]>()
  const known = new Map<Value, readonly Leaf[]>()

  const readersOf = (value: Value): readonly Node[] => readers.get(value) ?? []
  const inputsOf = (node: Node): readonly Value[] => substituted.get(node) ?? node.inputs
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
    const shown = kindOf(node) === 'view' ? sizeOf(node.outputs[0].shape) : Number.POSITIVE_INFINITY
    for (const input of inputsOf(node))
      for (const { value, exact, size } of leavesOf(input)) {
        const isStill = !readsOften(node) && node.op !== 'transpose'
        const isSo = exact && isStill && isSame(input.shape, domainOf(node))
        const before = leaves.get(value) ?? { exact: true, size: 0 }
        leaves.set(value, {
          value,
          exact: isSo && before.exact,
          size: Math.max(Math.min(size, shown), before.size),
        })
      }
    return [...leaves.values()]
  }

  /** Whether a value is read by others than these nodes. */
  const isReadOutside = (value: Value, inside: readonly Node[]): boolean =>
    results.has(value) ||
    readersOf(value).some(reader =>
      isSeenThrough(reader.outputs[0])
        ? reader.outputs.some(output => isReadOutside(output, inside))
        : !inside.includes(reader),
    )
  /** Whether kernels alone read a value, each element as often as they have such. */
  const isForKernels = (value: Value): boolean =>
    !results.has(value) &&
    readersOf(value).every(reader => {
      const kind = kindOf(reader)
      if (kind === 'view') return reader.outputs.every(isForKernels)
      return (kind === 'map' || kind === 'fold') && !readsOften(reader)
    })
  /** Whether all that reads a value is larger. */
  const isMinor = (value: Value): boolean =>
    readersOf(value).every(reader => sizeOf(domainOf(reader)) > sizeOf(value.shape))

  return {
    results,
    inlined,
    readersOf,
    inputsOf,
    leavesOf,
    leavesOfNode,
    isReadOutside,
    isForKernels,
    isMinor,
    substitute: (node: Node, input: number, value: Value): void => {
      substituted.set(node, inputsOf(node).with(input, value))
    },
  }
}

export type Reads = ReturnType<typeof newReads>

/** Tensors of a size that a value is computed of by light operations, whatever is stored of it. */
export const tensorsBehind = (
  value: Value,
  size: number,
  isStored: (value: Value) => boolean,
): readonly Value[] => {
  const { node } = value
  if (sizeOf(value.shape) < size || isFilled(value)) return []
  const isThrough = node && !isStored(value) && (kindOf(node) === 'view' || isLight(node))
  if (!isThrough) return [value]
  return [...new Set(node.inputs.flatMap(input => tensorsBehind(input, size, isStored)))]
}
