/** Which boxes stay when those that overlap a better one are dropped. */

import { formatShape } from '../errors/index.ts'
import type { Value } from '../graph/index.ts'
import { apply, expectFloats, type Operation } from './operation.ts'

export interface SuppressionAttributes {
  /** A box goes where its intersection over union with a box that stays is greater. */
  readonly threshold: number
  /** Boxes without a greater score take no part: they neither stay nor drop others. */
  readonly minScore: number
}

/**
 * Goes through boxes [B, n, 4] (x1, y1, x2, y2) by descending scores [B, n], of equal ones the first
 * first, and keeps each that overlaps none kept before; boxes without area overlap nothing. Bool
 * [B, n]: whether it stays.
 */
export const nonMaximumSuppressionOp: Operation<'nonMaximumSuppression', SuppressionAttributes> = {
  name: 'nonMaximumSuppression',
  infer: (inputs, { threshold }, refuse) => {
    expectFloats(inputs, refuse)
    const [boxes, scores] = inputs
    const [b, n, corners] = boxes.shape
    if (boxes.shape.length !== 3 || corners !== 4)
      refuse('boxes [B, n, 4]', formatShape(boxes.shape))
    if (scores.shape.length !== 2 || scores.shape[0] !== b || scores.shape[1] !== n)
      refuse(`scores ${formatShape([b, n])}`, formatShape(scores.shape))
    if (!(threshold >= 0 && threshold <= 1)) refuse('a threshold from 0 to 1', `${threshold}`)
    return [{ dtype: 'bool', shape: [b, n] }]
  },
  gradient: () => [undefined, undefined],
}

export const nonMaximumSuppression = (
  boxes: Value,
  scores: Value,
  {
    threshold,
    minScore = Number.NEGATIVE_INFINITY,
  }: Partial<SuppressionAttributes> & { threshold: number },
): Value => apply(nonMaximumSuppressionOp, [boxes, scores], { threshold, minScore })[0]
