/** A group of nodes as a kernel: the formulas of its values, put into each other. */

import type { Node, Shape, Value } from '../../graph/index.ts'
import type { ConstantAttributes } from '../../ops/constant.ts'
import type { Axis, Expression, Index, Type } from './expression.ts'
import { number } from './expression.ts'
import type { Grouped } from './groups.ts'
import { along, keyOf, linear, plus, whole } from './indexing.ts'
import type { Group } from './joining.ts'
import type { Kernel, Operand, SharedFold, Store } from './kernel.ts'
import type { Layouts } from './layout.ts'
import { COPY, elementOfNode, kindOf } from './operations.ts'
import { type KernelBuffer, rowMajor } from './placement.ts'
import { isFilled, squeezed } from './reads.ts'

/** Memory of a value, from an offset on. */
export type MemoryOf = (home: Value) => { readonly buffer: KernelBuffer; readonly offset: number }

export interface BuildContext {
  readonly grouped: Grouped
  readonly layouts: Layouts
  readonly memoryOf: MemoryOf
  /** The place of a node in the graph. */
  orderOf(node: Node): number
  /** Whether a value that a group computes is read outside of it. */
  isStored(value: Value): boolean
}

const typeOfValue = ({ dtype }: Value): Type =>
  dtype === 'bool' ? 'bool' : dtype === 'int32' || dtype === 'uint8' ? 'int' : 'float'

/** Strides, without axes of size 1, of the tensor that decides in which order memory is gone through. */
const leadingStrides = (
  group: Group,
  { grouped, layouts, isStored }: BuildContext,
): readonly number[] => {
  const stored = group.nodes.flatMap(({ outputs }) => outputs).filter(isStored)
  const read = group.nodes
    .flatMap(({ inputs }) => inputs.flatMap(grouped.reads.leavesOf))
    .map(leaf => leaf.value)
  for (const value of [...stored, ...read]) {
    const layout = layouts.layoutOf(value)
    if (layout === undefined || squeezed(value.shape).join() !== group.shape.join()) continue
    return layout.strides.filter((_, axis) => value.shape[axis] !== 1)
  }
  return rowMajor(group.shape)
}

/** Coordinates of a shape from those of its axes that are not of size 1. */
const unsqueezed = (at: readonly Index[], shape: Shape): Index[] => {
  let next = 0
  return shape.map(size => (size === 1 ? whole(0) : at[next++]))
}

/** The kernel, and all nodes that it computes, those done again in it among them. */
export const buildKernel = (
  group: Group,
  context: BuildContext,
): { readonly kernel: Kernel; readonly nodes: readonly Node[] } => {
  const { grouped, layouts, memoryOf, isStored } = context
  const { shape, axes: foldAxes = [], nodes } = group
  const axes = shape.map((extent, id): Axis => ({ id, extent }))
  let ids = axes.length
  const newAxis = (extent: number): Axis => ({ id: ids++, extent })
  const strides = leadingStrides(group, context)
  const inMemoryOrder = (chosen: readonly number[]): Axis[] =>
    chosen.toSorted((a, b) => strides[b] - strides[a]).map(axis => axes[axis])

  const operands: Operand[] = []
  const operandOf = (buffer: KernelBuffer, offset: number): number => {
    const found = operands.findIndex(one => one.buffer === buffer && one.offset === offset)
    return found >= 0 ? found : operands.push({ buffer, offset }) - 1
  }
  /** Where an element of a value in memory is. */
  const locate = (value: Value, at: readonly Index[]): { operand: number; at: Index } => {
    const layout = layouts.layoutOf(value) as NonNullable<ReturnType<Layouts['layoutOf']>>
    const { buffer, offset } = memoryOf(layout.home)
    const index = linear(at, layout.strides)
    const fixed = Math.max(0, index.constant)
    return {
      operand: operandOf(buffer, offset + layout.offset + fixed),
      at: plus(index, -fixed),
    }
  }

  const own = new Set(nodes.flatMap(({ outputs }) => outputs))
  const folds: { readonly value: Value; readonly result: SharedFold['results'][number] }[] = []
  const known = new Map<Value, Map<string, Expression>>()
  /** The element of a value, computed here or loaded. */
  const element = (value: Value, at: readonly Index[]): Expression => {
    const key = at.map(keyOf).join()
    const before = known.get(value)?.get(key)
    if (before !== undefined) return before
    const made = make(value, at)
    known.set(value, (known.get(value) ?? new Map()).set(key, made))
    return made
  }
  const make = (value: Value, at: readonly Index[]): Expression => {
    const { node } = value
    const fold = folds.findIndex(one => one.value === value)
    if (fold >= 0) return { kind: 'folded', type: typeOfValue(value), index: fold }
    if (node !== undefined && isFilled(value)) {
      const [filling] = (node.attributes as ConstantAttributes).data
      return number(filling, typeOfValue(value))
    }
    const isHere =
      node !== undefined &&
      (own.has(value) || kindOf(node) === 'view' || grouped.reads.inlined.has(value))
    if (!isHere) return { kind: 'load', type: typeOfValue(value), ...locate(value, at) }
    return formulaAt(node, value.index, at)
  }
  const computed = new Set(nodes)
  const formulaAt = (node: Node, output: number, at: readonly Index[]): Expression => {
    if (kindOf(node) !== 'view') computed.add(node)
    return elementOfNode(node, output)(
      at,
      (input, where) => element(grouped.reads.inputsOf(node)[input], where),
      newAxis,
    )
  }

  const store = (value: Value, at: readonly Index[]): Store => ({
    ...locate(value, at),
    value: element(value, at),
  })
  const before: Store[] = []
  const after: Store[] = []
  const coordinates = axes.map(along)
  const left = shape.flatMap((_, axis) => (foldAxes.includes(axis) ? [] : [axis]))
  const leftCoordinates = left.map(axis => coordinates[axis])
  for (const node of nodes) {
    const [value] = node.outputs
    if (kindOf(node) === 'fold') {
      let next = 0
      const fold = elementOfNode(node, 0)(
        unsqueezed(leftCoordinates, value.shape),
        (input, at) => element(grouped.reads.inputsOf(node)[input], at),
        extent => (extent === 1 ? { id: -1, extent } : axes[foldAxes[next++]]),
      )
      if (fold.kind === 'fold') folds.push({ value, result: fold })
    }
    if (!isStored(value)) continue
    const isAfter = grouped.homes.get(value)?.level === 'after'
    const at = unsqueezed(isAfter ? leftCoordinates : coordinates, value.shape)
    ;(isAfter ? after : before).push(store(value, at))
  }
  const inOrder = [...computed].toSorted((a, b) => context.orderOf(a) - context.orderOf(b))
  const operations = new Set(inOrder.map(({ op }) => op))
  if (operations.size > 1) operations.delete(COPY)
  const fold: SharedFold | undefined =
    folds.length === 0
      ? undefined
      : {
          axes: inMemoryOrder(foldAxes),
          results: folds.map(({ result }) => result),
          stores: before,
        }
  return {
    kernel: {
      name: [...operations].join(' '),
      axes: inMemoryOrder(left),
      operands,
      fold,
      stores: fold === undefined ? before : after,
    },
    nodes: inOrder,
  }
}
