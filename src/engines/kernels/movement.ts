/** Formulas of reductions, and of what moves elements or makes them of labels. */

import type { ReductionAttributes } from '../../ops/reduction.ts'
import type { Element, Formula, Formulas } from './element.ts'
import { type Combine, call, type Expression, number } from './expression.ts'
import { along, plus, quotient, sum, times, valueIndex } from './indexing.ts'

/** A fold over axes: each output element is of all input elements whose other coordinates are its own. */
const reduction =
  (combine: Combine): Formula<ReductionAttributes> =>
  ({ inputs: [shape], attributes: { axes: reduced, keepDims } }): Element =>
  (at, read, newAxis) => {
    const axes = reduced.map(axis => newAxis(shape[axis]))
    let kept = 0
    const full = shape.map((_, axis) => {
      if (reduced.includes(axis)) return along(axes[reduced.indexOf(axis)])
      return at[keepDims ? axis : kept++]
    })
    return { kind: 'fold', combine, axes, term: read(0, full) }
  }

/** Whether two whole numbers are the same, as a guard of a value. */
const where = (
  a: Parameters<typeof plus>[0],
  b: Parameters<typeof plus>[0],
  value: Expression,
): Expression => ({
  kind: 'guard',
  bounds: [{ at: sum([a, times(b, -1)]), low: 0, high: 1 }],
  value,
  otherwise: 0,
})

export const movement = {
  allFinite:
    ({ inputs: [shape] }): Element =>
    (_, read, newAxis) => {
      const axes = shape.map(newAxis)
      return {
        kind: 'fold',
        combine: 'and',
        axes,
        term: call('isFinite', read(0, axes.map(along))),
      }
    },
  reduceMax: reduction('max'),
  reduceMin: reduction('min'),
  reduceSum: reduction('add'),
  gather:
    ({ attributes: { axis }, inputs: [, { length }] }): Element =>
    (at, read) =>
      read(0, [
        ...at.slice(0, axis),
        valueIndex(read(1, at.slice(axis, axis + length))),
        ...at.slice(axis + length),
      ]),
  // Σ over all picks that picked this entry.
  gatherGradient:
    ({ attributes: { axis }, inputs: [picked] }): Element =>
    (at, read, newAxis) => {
      const picks = picked.map(newAxis)
      const pick = picks.map(along)
      const label = valueIndex(read(0, pick))
      const value = read(1, [...at.slice(0, axis), ...pick, ...at.slice(axis + 1)])
      return { kind: 'fold', combine: 'add', axes: picks, term: where(label, at[axis], value) }
    },
  oneHot: (): Element => (at, read) =>
    where(valueIndex(read(0, at.slice(0, -1))), at[at.length - 1], number(1)),
  pad:
    ({ attributes: { pads, value }, inputs: [shape] }): Element =>
    (at, read) => {
      const inner = at.map((index, axis) => plus(index, -pads[axis]))
      const bounds = inner
        .map((index, axis) => ({ at: index, low: 0, high: shape[axis] }))
        .filter((_, axis) => pads[axis] > 0 || pads[axis + shape.length] > 0)
      return { kind: 'guard', bounds, value: read(0, inner), otherwise: value }
    },
  upsampleNearest:
    ({ attributes: { scale } }): Element =>
    ([n, c, h, w], read) =>
      read(0, [n, c, quotient(h, scale), quotient(w, scale)]),
} satisfies Formulas
