/**
 * Which thread does what. A group has 256 threads. A map gives each thread an element, or four side by
 * side where memory allows (*lanes*). A fold gives each group some results and lets `across` threads
 * work on each: by neighbors in memory, so that loads next to each other are done together.
 */

import { sizeOf } from '../../graph/index.ts'
import type { Axis, Expression, Index } from './expression.ts'
import type { Kernel } from './kernel.ts'
import { expressionsIn, indicesOf, rootsOf, stepOf, storesOf } from './traverse.ts'

export const GROUP_SIZE = 256
export const LANES = 4

export interface Schedule {
  /** The axis of which each thread does four elements. */
  readonly lanes?: Axis | undefined
  /** Operands of which four neighbors are loaded or stored at once. */
  readonly wide: ReadonlySet<number>
  /** Threads on one result of a fold. */
  readonly across: number
  /** Whether threads side by side are on one result, and not on neighboring results. */
  readonly alongFold: boolean
}

export const countOf = (axes: readonly Axis[]): number => sizeOf(axes.map(({ extent }) => extent))

interface Access {
  readonly operand: number
  readonly at: Index
}

const accessesOf = (kernel: Kernel): readonly Access[] => [
  ...storesOf(kernel),
  ...[...expressionsIn(rootsOf(kernel))].filter(
    (one): one is Extract<Expression, { kind: 'load' }> => one.kind === 'load',
  ),
]

/** Whether an access begins at multiples of four and goes on by one. */
const isWide = ({ at }: Access, axis: Axis): boolean =>
  stepOf(at, axis) === 1 &&
  at.constant % LANES === 0 &&
  at.terms.every(({ of, by }) => by % LANES === 0 || (of.kind === 'axis' && of.axis.id === axis.id))

const wideOperands = (kernel: Kernel, axis: Axis): ReadonlySet<number> => {
  const accesses = accessesOf(kernel)
  const isNarrow = (operand: number): boolean =>
    kernel.operands[operand].buffer.element === 'uint8' ||
    kernel.operands[operand].offset % LANES !== 0 ||
    accesses.some(access => access.operand === operand && !isWide(access, axis))
  // A buffer is bound once, as one type; bytes lie four in one as it is.
  const narrow = new Set(
    kernel.operands.filter((_, operand) => isNarrow(operand)).map(({ buffer }) => buffer),
  )
  return new Set(
    kernel.operands.flatMap(({ buffer }, operand) => (narrow.has(buffer) ? [] : [operand])),
  )
}

/** Fewer elements keep a device busier with one a thread. */
const WORTH_LANES = 65536

const power = (least: number, wanted: number, most: number): number => {
  let size = least
  while (size * 2 <= most && size < wanted) size *= 2
  return size
}

const NONE: ReadonlySet<number> = new Set()

/** Lanes along an axis, if four at once help there. */
const lanesAlong = (kernel: Kernel, axis: Axis | undefined): Pick<Schedule, 'lanes' | 'wide'> => {
  const size = countOf(kernel.axes) * countOf(kernel.fold?.axes ?? [])
  if (axis === undefined || axis.extent % LANES !== 0 || size < WORTH_LANES) return { wide: NONE }
  if (storesOf(kernel).some(({ at }) => stepOf(at, axis) === undefined)) return { wide: NONE }
  const wide = wideOperands(kernel, axis)
  return wide.size === 0 ? { wide: NONE } : { lanes: axis, wide }
}

export const scheduleOf = (kernel: Kernel): Schedule => {
  const { axes, fold } = kernel
  if (fold === undefined) {
    const hasSerialFold = [...expressionsIn(rootsOf(kernel))].some(({ kind }) => kind === 'fold')
    const lanes = hasSerialFold ? { wide: NONE } : lanesAlong(kernel, axes.at(-1))
    return { ...lanes, across: 1, alongFold: false }
  }
  const [outer, inner] = [axes.at(-1), fold.axes.at(-1)]
  const near = (axis: Axis | undefined): number =>
    axis === undefined ? 0 : indicesOf(kernel).filter(index => stepOf(index, axis) === 1).length
  const alongFold = outer === undefined || near(inner) > near(outer)
  const lanes = lanesAlong(kernel, alongFold ? inner : outer)
  const length = countOf(fold.axes) / (alongFold && lanes.lanes ? LANES : 1)
  if (alongFold) return { ...lanes, across: power(32, length, GROUP_SIZE), alongFold }
  const results = countOf(axes) / (lanes.lanes ? LANES : 1)
  return { ...lanes, across: GROUP_SIZE / power(1, Math.min(results, 32), 32), alongFold }
}
