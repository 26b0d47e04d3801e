/** Which boxes of an image are trained on: so many, of which at most a share are positive. */

import type { Value } from '../../graph/index.ts'
import {
  cast,
  concat,
  constant,
  equal,
  flatIndices,
  gatherGradient,
  greater,
  less,
  mul,
  reduceSum,
  reshape,
  sub,
  topK,
  where,
} from '../../ops/index.ts'
import { intsAt } from './boxes.ts'

/** How many boxes of an image. */
export interface SampleOptions {
  readonly count: number
  /** Of them at most this share is positive; negatives fill up. */
  readonly positive: number
}

/** The boxes that were drawn, in as many slots as may be: some are empty. */
export interface Sample {
  /** Int [N, count]. */
  readonly indices: Value
  /** [N, count]: 1, or 0 for an empty slot. */
  readonly drawn: Value
}

const range = (length: number): Value => constant([...Array(length).keys()], [1, length])

/** The candidates with the largest numbers, as many as there are up to k. */
const largest = (candidates: Value, uniforms: Value, k: number): Sample => {
  const { values, indices } = topK(where(candidates, uniforms, -1), k)
  return { indices, drawn: sub(1, cast(less(values, 0))) }
}

/**
 * Draws without replacement: of the candidates of a kind those with the largest numbers.
 * @param labels - [N, A]: positive from 1, 0 negative, −1 not to be drawn
 * @param uniforms - [N, A], in [0, 1)
 */
export const sample = (
  labels: Value,
  uniforms: Value,
  { count, positive }: SampleOptions,
): Sample => {
  const [, all] = labels.shape
  const total = Math.min(count, all)
  const most = Math.min(Math.floor(count * positive), all)
  const own = largest(greater(labels, 0.5), uniforms, most)
  const others = largest(equal(labels, 0), uniforms, total)
  const left = sub(count, reduceSum(own.drawn, [1], { keepDims: true }))
  const filling = mul(others.drawn, cast(less(range(total), left)))
  const indices = concat([own.indices, others.indices], 1)
  const drawn = concat([own.drawn, filling], 1)
  // Those that were drawn to the front, in their order.
  const places = mul(drawn, sub(most + total, range(most + total)))
  const front = topK(places, total)
  return {
    indices: intsAt(indices, front.indices),
    drawn: cast(greater(front.values, 0.5)),
  }
}

/** [N, A]: 1 for boxes that were drawn, 0 for others. */
export const drawnMask = ({ indices, drawn }: Sample, all: number): Value => {
  const [n] = indices.shape
  const places = flatIndices(indices, all)
  return reshape(gatherGradient(places, reshape(drawn, [-1]), n * all, 0), [n, all])
}
