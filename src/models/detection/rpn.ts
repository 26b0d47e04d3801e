/**
 * The region proposal network (Ren et al.: Faster R-CNN, arXiv:1506.01497, section 3.1).
 *
 * N images, L levels, A anchors over all levels, R proposals an image. Objectness: a logit of each
 * anchor. Deltas: from anchors to boxes.
 */

import type { Value } from '../../graph/index.ts'
import { conv2d, init, type Layer, lambda, layer, type Named, sequential } from '../../nn/index.ts'
import {
  concat,
  constant,
  gather,
  greater,
  nonMaximumSuppression,
  relu,
  reshape,
  sigmoid,
  topK,
  transpose,
  where,
} from '../../ops/index.ts'
import { clipBoxes, type DeltaWeights, decode, isAtLeast, rowsAt } from './boxes.ts'

export const RPN_WEIGHTS: DeltaWeights = [1, 1, 1, 1]

/** [N, anchors · width, H, W] → [N, H · W · anchors, width], anchors innermost. */
const byAnchor = (x: Value, width: number): Value => {
  const [n, channels, h, w] = x.shape
  const rows = transpose(reshape(x, [n, channels / width, width, h, w]), [0, 3, 4, 1, 2])
  return reshape(rows, [n, (h * w * channels) / width, width])
}

/** Of a level: `objectness` [N, A] and `deltas` [N, A, 4], for so many anchors a cell. */
export const rpnHead = (channels: number, anchors: number): Layer<Value, Named> => {
  const options = { initialize: init.normal(0.01), bias: init.constant(0) }
  return layer(
    {
      conv: sequential(
        sequential(conv2d(channels, channels, 3, { padding: 1, ...options }), lambda(relu)),
      ),
      cls_logits: conv2d(channels, anchors, 1, options),
      bbox_pred: conv2d(channels, 4 * anchors, 1, options),
    },
    ({ conv, cls_logits, bbox_pred }, level): Named => {
      const hidden = conv(level)
      const logits = byAnchor(cls_logits(hidden), 1)
      return {
        objectness: reshape(logits, logits.shape.slice(0, 2)),
        deltas: byAnchor(bbox_pred(hidden), 4),
      }
    },
  )
}

/** How many proposals there are. */
export interface ProposalOptions {
  /** Of each level, before suppression. */
  readonly before: number
  /** Of each image, after it. */
  readonly after: number
  /** The intersection over union above which the less likely of two goes. */
  readonly threshold: number
  /** Narrower or lower ones are dropped. */
  readonly minSide: number
}

/** What a level of the pyramid gives: its anchors, corner by corner, and what the head says of them. */
export interface LevelPrediction {
  readonly anchors: readonly number[]
  readonly objectness: Value
  readonly deltas: Value
}

/** Boxes [N, R, 4], and which of them are no padding: bool [N, R]. */
export interface Proposals {
  readonly boxes: Value
  readonly real: Value
}

/** Sigmoids are at least 0. */
const NONE = -1
const LEAST = -0.5

/**
 * The likeliest boxes, of which none overlaps another of its level by much.
 * @param sizes - height and width of each image, [N, 2]
 */
export const propose = (
  levels: readonly LevelPrediction[],
  sizes: Value,
  { before, after, threshold, minSide }: ProposalOptions,
): Proposals => {
  const found = levels.map(({ anchors, objectness, deltas }) => {
    const count = objectness.shape[1]
    const { values, indices } = topK(objectness, Math.min(before, count))
    const own = gather(constant(anchors, [count, 4]), indices, 0)
    const boxes = clipBoxes(decode(own, rowsAt(deltas, indices), RPN_WEIGHTS), sizes)
    const scores = where(isAtLeast(boxes, minSide), sigmoid(values), NONE)
    const stays = nonMaximumSuppression(boxes, scores, { threshold, minScore: LEAST })
    return { boxes, scores: where(stays, scores, NONE) }
  })
  const boxes = concat(
    found.map(level => level.boxes),
    1,
  )
  const scores = concat(
    found.map(level => level.scores),
    1,
  )
  const { values, indices } = topK(scores, Math.min(after, scores.shape[1]))
  return { boxes: rowsAt(boxes, indices), real: greater(values, LEAST) }
}
