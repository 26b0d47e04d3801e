/** Coordinates of a thread, from the number of what it computes. */

import type { Dialect } from './dialect.ts'
import type { Axis } from './expression.ts'
import { countOf, LANES, type Schedule } from './schedule.ts'

/** Coordinates of axes from the number of an element; with lanes, of the first of four. */
export const decode = (
  dialect: Dialect,
  axes: readonly Axis[],
  from: string,
  { lanes }: Schedule,
): string[] => {
  let inner = 1
  return axes
    .toReversed()
    .map(axis => {
      const isLaned = axis.id === lanes?.id
      const extent = isLaned ? axis.extent / LANES : axis.extent
      const outer = inner === 1 ? from : `${from} / ${inner}`
      inner *= extent
      const text = axis === axes[0] ? outer : `(${outer}) % ${extent}`
      return dialect.declare('int', `i${axis.id}`, isLaned ? `(${text}) * ${LANES}` : text)
    })
    .toReversed()
}

/** How many threads the coordinates of some axes are for, or how many rounds. */
export const lanedCount = (axes: readonly Axis[], { lanes }: Schedule): number =>
  countOf(axes) / (axes.some(({ id }) => id === lanes?.id) ? LANES : 1)
