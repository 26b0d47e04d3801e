/** A step shared by several processes: which images each computes, and what they add up. */

import { type Shape, sizeOf, type Value } from '../graph/index.ts'
import { type Communicator, placesOf } from '../machines/communicator.ts'
import { allReduce, concat, mul, slice, zeros } from '../ops/index.ts'

/** This process among those that share every batch, or every part of one. */
export interface Ranks {
  readonly size: number
  /** Into how many shares the batch is divided: parts by processes. */
  readonly shares: number
  /** The places in a batch that this process computes. */
  readonly places: readonly number[]
}

/** Undefined for a process by itself that computes whole batches: nothing is exchanged then. */
export const ranksOf = (
  batch: number,
  parts: number,
  communicator: Pick<Communicator, 'rank' | 'size'> = { rank: 0, size: 1 },
): Ranks | undefined => {
  const { size } = communicator
  if (size * parts === 1) return undefined
  return { size, shares: size * parts, places: placesOf(batch / parts, communicator) }
}

/** Consecutive places: `[start, length]`. */
const runsOf = (places: readonly number[]): readonly (readonly [number, number])[] => {
  const breaks = places.flatMap((place, i) => (i > 0 && place === places[i - 1] + 1 ? [] : [i]))
  return breaks.map((from, i) => [places[from], (breaks[i + 1] ?? places.length) - from])
}

type Placed = Pick<Ranks, 'size' | 'places'>

/** Rows [count, …] at their places among those of all processes [batch, …], zeros elsewhere. */
export const placed = (rows: Value, { size, places }: Placed): Value => {
  const [count, ...rest] = rows.shape
  const pieces: Value[] = []
  let [made, end] = [0, 0]
  const gap = (length: number): void => {
    if (length > 0) pieces.push(zeros([length, ...rest]))
  }
  for (const [start, length] of runsOf(places)) {
    gap(start - end)
    const starts = rows.shape.map((_, axis) => (axis === 0 ? made : 0))
    const ends = rows.shape.map((extent, axis) => (axis === 0 ? made + length : extent))
    pieces.push(slice(rows, starts, ends))
    made += length
    end = start + length
  }
  gap(count * size - end)
  return pieces.length === 1 ? pieces[0] : concat(pieces, 0)
}

/** Rows of numbers at their places, as `placed` has them. */
export const placedRows = (
  data: ArrayLike<number>,
  shape: Shape,
  { size, places }: Placed,
): Float32Array => {
  const width = sizeOf(shape) / places.length
  const whole = new Float32Array(sizeOf(shape) * size)
  for (const [row, place] of places.entries())
    for (let i = 0; i < width; i++) whole[place * width + i] = data[row * width + i]
  return whole
}

/** What one process has, to be shared. */
export interface Own {
  /** The gradient of its share of the loss. */
  readonly gradient: Value
  /** Its share of the loss. */
  readonly loss: Value
  /** Its running statistics. */
  readonly buffers: Value | undefined
  /** What its network gives, by name. */
  readonly outputs: Readonly<Record<string, Value>>
  /** 1 where it was told to stop. */
  readonly stop: Value
}

/**
 * The same of all processes: gradients and losses add up to those of the whole batch, statistics are
 * averaged (which is the average of what they would come to), outputs stand at their places.
 */
export const shared = (own: Own, ranks: Ranks): Own => {
  const names = Object.keys(own.outputs)
  const statistics = own.buffers === undefined ? [] : [mul(own.buffers, 1 / ranks.shares)]
  const [gradient, loss, stop, ...sums] = allReduce(
    own.gradient,
    own.loss,
    own.stop,
    ...statistics,
    ...names.map(name => placed(own.outputs[name], ranks)),
  )
  const buffers = own.buffers === undefined ? undefined : sums.shift()
  return {
    gradient,
    loss,
    stop,
    buffers,
    outputs: Object.fromEntries(names.map((name, i) => [name, sums[i]])),
  }
}
