/**
 * Convolutions in groups of 2, 4 or 8 channels, as ones in groups of 16: the weights of the groups
 * that now share one are zero where they would meet. That is up to eight times the products, but
 * the library has its best kernels for sixteen channels, which is also how everything else lies.
 */

import { type Shape, sizeOf } from '../../../graph/index.ts'
import type { Plan, Stored } from '../plan.ts'

/** Channels of a group, from which on it is as good as a dense convolution. */
export const WIDE = 16

/** How many groups go into one of sixteen channels: 1 where a convolution stays as it is. */
export const mergeFactor = ([outputs, inputs]: Shape, group: number): number => {
  const even = outputs === inputs * group
  const narrow = inputs > 1 && inputs < WIDE && WIDE % inputs === 0
  return even && narrow && outputs % WIDE === 0 ? WIDE / inputs : 1
}

/** The shape of the weight whose groups are merged by so many. */
export const mergedShape = ([outputs, inputs, ...kernel]: Shape, count: number): Shape => [
  outputs,
  inputs * count,
  ...kernel,
]

/** Calls for each output channel with where its weights begin, alone and among the zeros. */
const eachOutput = (
  [outputs, inputs, ...kernel]: Shape,
  count: number,
  visit: (narrow: number, wide: number, length: number) => void,
): void => {
  const length = inputs * sizeOf(kernel)
  for (let output = 0; output < outputs; output++) {
    const place = Math.floor(output / inputs) % count
    visit(output * length, (output * count + place) * length, length)
  }
}

/** A row-major weight of this shape, with zeros between its groups. */
export const expandWeight = (plan: Plan, from: Stored, shape: Shape, count: number): Stored => {
  if (count === 1) return from
  const to = plan.allocateRowMajor(mergedShape(shape, count))
  plan.loop([from], [to], ([narrow], [wide]) => {
    wide.fill(0)
    eachOutput(shape, count, (at, to, length) => {
      for (let i = 0; i < length; i++) wide[to + i] = narrow[at + i]
    })
  })
  return to
}

/** The weight of this shape out of one with zeros between its groups. */
export const extractWeight = (plan: Plan, from: Stored, shape: Shape, count: number): Stored => {
  if (count === 1) return from
  const to = plan.allocateRowMajor(shape)
  plan.loop([from], [to], ([wide], [narrow]) => {
    eachOutput(shape, count, (to, at, length) => {
      for (let i = 0; i < length; i++) narrow[to + i] = wide[at + i]
    })
  })
  return to
}
