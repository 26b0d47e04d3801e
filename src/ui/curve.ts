/** A curve of any length in as many columns as a screen has: smoothed first, then thinned, so that neither depends on the other. */

import type { CurveRequest, CurveX, CurveY } from './protocol.ts'
import type { Columns } from './stepColumns.ts'

/** A curve that is asked for, and what its numbers are made of. */
export interface CurveOptions extends CurveRequest {
  /** Images a step, for their number a second. */
  readonly batch: number
}

/** The values over which a curve is drawn: rising, since steps do. */
const acrossOf = ({ step, epoch, seconds }: Columns, x: CurveX): Float64Array => {
  if (x === 'step') return step
  if (x === 'epoch') return epoch
  let sum = 0
  return seconds.map(value => {
    sum += value
    return sum
  })
}

const valuesOf = (columns: Columns, y: CurveY, batch: number): Float64Array =>
  y === 'speed' ? columns.seconds.map(value => batch / value) : columns[y]

/**
 * An exponential average without the bias of its beginning (Kingma and Ba 2015, section 3), over what
 * is finite.
 */
export const smoothed = (values: Float64Array, keep: number): Float64Array => {
  let average = 0
  let weight = 0
  return values.map(value => {
    if (Number.isFinite(value)) {
      average = keep * average + (1 - keep) * value
      weight = keep * weight + (1 - keep)
    }
    return weight === 0 ? Number.NaN : average / weight
  })
}

/** The first place whose value is not below; the values rise. */
const firstFrom = (values: Float64Array, least: number): number => {
  let [low, high] = [0, values.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (values[middle] < least) low = middle + 1
    else high = middle
  }
  return low
}

/** Numbers of a column: x, lowest and highest value, and the average at its end. */
export const COLUMN_NUMBERS = 4
/** Numbers before the columns: steps in the window, first and last x of the run, last value and last average. */
export const HEAD_NUMBERS = 5

/**
 * A curve as 32-bit numbers, its columns after its head. In a column the lowest and the highest value
 * stand for all, so that no spike is lost.
 */
export const curveOf = (
  columns: Columns,
  { y, x, smooth, width, from = -Infinity, to = Infinity, batch }: CurveOptions,
): Float32Array => {
  const across = acrossOf(columns, x)
  const values = valuesOf(columns, y, batch)
  const average = smoothed(values, smooth)
  // One more on each side, so that lines go on to the edge.
  const start = Math.max(0, firstFrom(across, from) - 1)
  const end = Math.min(across.length, firstFrom(across, to) + 1)
  const count = Math.max(0, end - start)
  const drawn = Math.min(width, count)
  const result = new Float32Array(HEAD_NUMBERS + COLUMN_NUMBERS * drawn)
  const last = across.length - 1
  result.set([count, across[0], across[last], values[last], average[last]])
  for (let column = 0; column < drawn; column++) {
    const first = start + Math.floor((column * count) / drawn)
    const next = start + Math.floor(((column + 1) * count) / drawn)
    let [low, high] = [Number.NaN, Number.NaN]
    for (let i = first; i < next; i++) {
      const value = values[i]
      if (!Number.isFinite(value)) continue
      if (!(value >= low)) low = value
      if (!(value <= high)) high = value
    }
    const at = HEAD_NUMBERS + COLUMN_NUMBERS * column
    result.set([across[next - 1], low, high, average[next - 1]], at)
  }
  return result
}
