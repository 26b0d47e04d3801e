/**
 * Long folds with few results, in two kernels: one folds parts, the other folds what came of them.
 * The parts are the same every time, so that sums are too.
 */

import { type Axis, call, type Expression, number } from './expression.ts'
import { along, linear, sum, times, whole } from './indexing.ts'
import type { Kernel, SharedFold, Store } from './kernel.ts'
import { type KernelBuffer, rowMajor } from './placement.ts'
import { countOf, GROUP_SIZE, LANES, scheduleOf } from './schedule.ts'
import { expressionsIn, rootsOf, storesOf, substituteOperands } from './traverse.ts'

/** With so few terms a thread, a second launch costs more than it saves. */
const FEW_TERMS = 32

/** Each thread of a part has so many terms at least. */
const LEAST_TERMS = 4

const partsOf = (kernel: Kernel, fold: SharedFold, groupsWanted: number): number => {
  const { across, alongFold, lanes } = scheduleOf(kernel)
  const perThread = lanes === undefined ? 1 : LANES
  const groups = Math.ceil(
    (countOf(kernel.axes) / (alongFold ? 1 : perThread)) * (across / GROUP_SIZE),
  )
  const terms = countOf(fold.axes) / (alongFold ? perThread : 1) / across
  if (terms <= FEW_TERMS) return 1
  return Math.min(Math.floor(groupsWanted / groups), Math.floor(terms / LEAST_TERMS))
}

/** A kernel without the operands that it does not use. */
const pruned = (kernel: Kernel): Kernel => {
  const used = new Set(storesOf(kernel).map(({ operand }) => operand))
  for (const one of expressionsIn(rootsOf(kernel))) if (one.kind === 'load') used.add(one.operand)
  const kept = [...kernel.operands.keys()].filter(operand => used.has(operand))
  return {
    ...substituteOperands(kernel, new Map(kept.map((operand, i) => [operand, i]))),
    operands: kept.map(operand => kernel.operands[operand]),
  }
}

/** @param newBuffer - makes room for so many numbers */
export const inTwoPasses = (
  kernel: Kernel,
  groupsWanted: number,
  newBuffer: (size: number) => KernelBuffer,
): readonly Kernel[] => {
  const { name, axes, fold, operands, stores } = kernel
  const parts = fold === undefined ? 1 : partsOf(kernel, fold, groupsWanted)
  if (fold === undefined || parts < 2) return [kernel]
  const ids = [...axes, ...fold.axes].map(({ id }) => id)
  const part: Axis = { id: Math.max(...ids) + 1000, extent: parts }
  const { results } = fold
  const count = countOf(axes)
  const buffer = newBuffer(parts * results.length * count)
  const operand = operands.length
  const at = (result: number) =>
    sum([
      times(along(part), results.length * count),
      linear(axes.map(along), rowMajor(axes.map(({ extent }) => extent))),
      whole(result * count),
    ])
  const partial = results.map(({ combine }, index): Store => {
    const type = combine === 'and' ? 'bool' : 'float'
    const folded: Expression = { kind: 'folded', type, index }
    return { operand, at: at(index), value: type === 'bool' ? call('float', folded) : folded }
  })
  const joined = results.map(({ combine }, index) => {
    const loaded: Expression = { kind: 'load', type: 'float', operand, at: at(index) }
    return { combine, term: combine === 'and' ? call('greater', loaded, number(0.5)) : loaded }
  })
  const withPartial = [...operands, { buffer, offset: 0 }]
  return [
    {
      name: `${name}, in ${parts} parts`,
      axes: [part, ...axes],
      operands: withPartial,
      fold: { ...fold, part },
      stores: partial,
    },
    {
      name: `${name}, joined`,
      axes,
      operands: withPartial,
      fold: { axes: [part], results: joined, stores: [] },
      stores,
    },
  ].map(pruned)
}
