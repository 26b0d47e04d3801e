/**
 * Which object each box is matched with, by intersection over union (Ren et al., arXiv:1506.01497,
 * section 3.1.2). N images, A boxes, G objects, of which some are padding.
 */

import type { Value } from '../../graph/index.ts'
import {
  cast,
  constant,
  equal,
  less,
  mul,
  reduceMax,
  reduceMin,
  reshape,
  where,
} from '../../ops/index.ts'

/** From which overlap on a box is an object's. */
export interface MatchOptions {
  /** At least this: positive. */
  readonly positive: number
  /** Less than this: negative. What is between is neither. */
  readonly negative: number
  /** Whether the boxes that overlap an object most are its own however little that is. */
  readonly lowQuality?: boolean | undefined
}

/** What boxes were matched with. */
export interface Matches {
  /** [N, A]: 1 positive, 0 negative, −1 neither. */
  readonly labels: Value
  /** Int [N, A]: the object that a box overlaps most, the first of equals. */
  readonly objects: Value
}

/**
 * Matches boxes with objects.
 * @param overlaps - [N, A, G]
 * @param real - bool [N, G]: which objects are no padding
 */
export const match = (
  overlaps: Value,
  real: Value,
  { positive, negative, lowQuality = false }: MatchOptions,
): Matches => {
  const [n, , g] = overlaps.shape
  const isReal = reshape(real, [n, 1, g])
  const known = where(isReal, overlaps, -1)
  const best = reduceMax(known, [2], { keepDims: true })
  const order = constant([...Array(g).keys()], [1, 1, g])
  const objects = cast(reduceMin(where(equal(known, best), order, g - 1), [2]), 'int32')
  const most = reshape(best, overlaps.shape.slice(0, 2))
  const labels = where(less(most, negative), 0, where(less(most, positive), -1, 1))
  if (!lowQuality) return { labels, objects }
  // Every box that overlaps an object as much as the best one does: 0 may be the most there is.
  const isBest = cast(equal(known, reduceMax(known, [1], { keepDims: true })))
  const rescued = reduceMax(mul(isBest, cast(isReal)), [2])
  return { labels: where(less(rescued, 0.5), labels, 1), objects }
}
