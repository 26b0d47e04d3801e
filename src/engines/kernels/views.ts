/** Views: operations that are another way of looking at memory, as formulas and as placements. */

import type { Value } from '../../graph/index.ts'
import { applicationOf, type Element, type Formula, type Formulas, stretched } from './element.ts'
import { number } from './expression.ts'
import { along, coordinatesOf, linear, plus } from './indexing.ts'
import { rowMajor } from './placement.ts'

export const views = {
  expand:
    ({ inputs: [shape] }): Element =>
    (at, read) =>
      read(0, stretched(at, shape)),
  reshape:
    ({ inputs: [from], outputs: [to] }): Element =>
    (at, read) =>
      read(0, coordinatesOf(linear(at, rowMajor(to)), from)),
  slice:
    ({ attributes: { starts } }): Element =>
    (at, read) =>
      read(
        0,
        at.map((index, axis) => plus(index, starts[axis])),
      ),
  split:
    ({ attributes: { sizes, axis } }, piece): Element =>
    (at, read) => {
      const start = sizes.slice(0, piece).reduce((total, size) => total + size, 0)
      return read(0, at.with(axis, plus(at[axis], start)))
    },
  stopGradient: (): Element => (at, read) => read(0, at),
  transpose:
    ({ attributes: { perm } }): Element =>
    (at, read) =>
      read(
        0,
        [...perm.keys()].map(axis => at[perm.indexOf(axis)]),
      ),
} satisfies Formulas

/** Offset and strides, in elements of a buffer. */
export interface Strided {
  readonly offset: number
  readonly strides: readonly number[]
}

/** Where a view of a value lies; undefined where no strides say it, as of many reshapes. */
export const stridesOfView = (view: Value, source: Strided): Strided | undefined => {
  const { node, index, shape } = view
  if (node === undefined) return undefined
  const formula = views[node.op as keyof typeof views] as Formula<object>
  const axes = shape.map((extent, id) => ({ id, extent }))
  let strided: Strided | undefined
  formula(applicationOf(node), index)(
    axes.map(along),
    (_, at) => {
      const { constant, terms } = linear(at, source.strides, source.offset)
      const strides = shape.map(() => 0)
      for (const { of, by } of terms) {
        if (of.kind !== 'axis') return number(0)
        strides[of.axis.id] = by
      }
      strided = { offset: constant, strides }
      return number(0)
    },
    extent => ({ id: -1, extent }),
  )
  return strided
}
