/** The kernels of a graph for people: which nodes became which, and what they move. */

import type { Index } from './expression.ts'
import type { Kernel, KernelProgram, Step } from './kernel.ts'
import type { Placement } from './placement.ts'
import { bytesOf } from './placement.ts'
import { dependsOn, expressionsIn, rootsOf, storesOf } from './traverse.ts'

/** A step of a program. */
export interface KernelRow {
  /** The layers whose nodes it computes. */
  readonly paths: readonly string[]
  readonly kind: 'map' | 'fold' | 'library'
  /** The operations that it computes, as the graph has them or as they were taken apart. */
  readonly operations: readonly string[]
  /** What each of its elements or results is computed for, outermost first; folded axes after a colon. */
  readonly domain: string
  /** Bytes of the tensors that it reads and writes, each counted once. */
  readonly read: number
  readonly written: number
}

/** Bytes that accesses touch: as many elements as their coordinates can tell apart, buffers at most. */
const touched = (kernel: Kernel, accesses: readonly { operand: number; at: Index }[]): number => {
  const axes = [...kernel.axes, ...(kernel.fold?.axes ?? [])]
  const most = new Map<number, number>()
  for (const { operand, at } of accesses) {
    const { buffer } = kernel.operands[operand]
    const apart = axes.filter(({ id }) => dependsOn(at, id))
    const size = apart.reduce((product, { extent }) => product * extent, 1)
    const bytes = Math.min(bytesOf({ ...buffer, size }), bytesOf(buffer))
    most.set(operand, Math.max(most.get(operand) ?? 0, bytes))
  }
  return [...most.values()].reduce((total, bytes) => total + bytes, 0)
}

const placedBytes = ({ buffer, shape, strides }: Placement): number => {
  const size = shape.reduce((product, extent, i) => product * (strides[i] === 0 ? 1 : extent), 1)
  return bytesOf({ ...buffer, size })
}

const rowOf = (step: Step): KernelRow => {
  if (step.kind === 'library') {
    const { node, inputs, output } = step
    return {
      paths: [node.path],
      kind: 'library',
      operations: [node.op],
      domain: output.shape.join('×'),
      read: inputs.reduce((total, input) => total + placedBytes(input), 0),
      written: placedBytes(output),
    }
  }
  const { kernel, nodes } = step
  const extents = (axes: Kernel['axes']): string =>
    axes.map(({ extent }) => extent).join('×') || '1'
  const loads = [...expressionsIn(rootsOf(kernel))].flatMap(one =>
    one.kind === 'load' ? [one] : [],
  )
  return {
    paths: [...new Set(nodes.map(({ path }) => path))].filter(path => path !== ''),
    kind: kernel.fold === undefined ? 'map' : 'fold',
    operations: kernel.name.split(' '),
    domain:
      extents(kernel.axes) + (kernel.fold === undefined ? '' : `: ${extents(kernel.fold.axes)}`),
    read: touched(kernel, loads),
    written: touched(kernel, storesOf(kernel)),
  }
}

export const describeKernels = ({ steps }: KernelProgram): readonly KernelRow[] => steps.map(rowOf)
