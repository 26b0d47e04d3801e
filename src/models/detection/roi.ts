/** What is in a region: features of the level that fits it, class and deltas (Girshick: Fast R-CNN, arXiv:1504.08083). */

import type { Value } from '../../graph/index.ts'
import { flatten, type Layer, layer, linear, type Named } from '../../nn/index.ts'
import {
  add,
  cast,
  constant,
  greater,
  less,
  mul,
  nonMaximumSuppression,
  relu,
  reshape,
  roiAlign,
  slice,
  softmax,
  sqrt,
  sub,
  topK,
  transpose,
  where,
} from '../../ops/index.ts'
import {
  boxesWhere,
  clipBoxes,
  type DeltaWeights,
  decode,
  isAtLeast,
  rowsAt,
  sides,
} from './boxes.ts'
import type { Proposals } from './rpn.ts'

export const REGION_WEIGHTS: DeltaWeights = [10, 10, 5, 5]

/** How regions are cut out of a pyramid. */
export interface RegionOptions {
  /** Bins a side. */
  readonly size: number
  /** The side of a region, in pixels, that is taken from `canonicalLevel`. */
  readonly canonicalSize: number
  /** 4 is the level of stride 16. */
  readonly canonicalLevel: number
}

/**
 * The level of each region: ⌊4 + log₂(side / 224)⌋, from the finest there is to the coarsest, as an
 * index; −1 for padding. torchvision adds 10⁻⁶ before it rounds down.
 */
const levelsOf = (
  { boxes, real }: Proposals,
  scales: readonly number[],
  { canonicalSize, canonicalLevel }: RegionOptions,
): Value => {
  const { width, height } = sides(boxes)
  const side = reshape(sqrt(mul(width, height)), real.shape)
  const finest = Math.round(-Math.log2(scales[0]))
  let level = cast(real)
  for (let i = 1; i < scales.length; i++) {
    const least = canonicalSize * 2 ** (finest + i - canonicalLevel - 1e-6)
    level = add(level, where(less(side, least), 0, cast(real)))
  }
  return cast(sub(level, 1), 'int32')
}

/** Regions [N, R, C, S, S] of maps, finest first. */
export const poolRegions = (
  maps: readonly Value[],
  height: number,
  proposals: Proposals,
  options: RegionOptions,
): Value => {
  const scales = maps.map(({ shape }) => 2 ** Math.round(Math.log2(shape[2] / height)))
  const levels = levelsOf(proposals, scales, options)
  return roiAlign(maps, proposals.boxes, levels, {
    size: options.size,
    points: 2,
    scales,
    aligned: false,
  })
}

/** Two hidden layers: [regions, C, S, S] → [regions, hidden]. */
export const boxHead = (features: number, hidden: number): Layer =>
  layer({ fc6: linear(features, hidden), fc7: linear(hidden, hidden) }, ({ fc6, fc7 }, regions) =>
    relu(fc7(relu(fc6(flatten(regions))))),
  )

/** `logits` [regions, classes + 1], the background first, and `deltas` [regions, 4 (classes + 1)]. */
export const boxPredictor = (hidden: number, classes: number): Layer<Value, Named> =>
  layer(
    { cls_score: linear(hidden, classes + 1), bbox_pred: linear(hidden, 4 * (classes + 1)) },
    ({ cls_score, bbox_pred }, x): Named => ({ logits: cls_score(x), deltas: bbox_pred(x) }),
  )

/** Which detections there are. */
export interface DetectionOptions {
  /** Only probabilities above this. */
  readonly minScore: number
  /** The intersection over union above which the less likely of two of a class goes. */
  readonly threshold: number
  /** So many an image, the likeliest. */
  readonly most: number
}

/** Narrower or lower ones are dropped. */
const MIN_SIDE = 1e-2
const NONE = -1

/**
 * `boxes` [N, D, 4], `scores` [N, D], −1 where there is none, and int `labels` [N, D] from 1.
 * @param logits - [N, R, K + 1]
 * @param deltas - [N, R, K + 1, 4]
 */
export const detect = (
  { boxes: proposals, real }: Proposals,
  logits: Value,
  deltas: Value,
  sizes: Value,
  { minScore, threshold, most }: DetectionOptions,
): Named => {
  const [n, r, all] = logits.shape
  const classes = all - 1
  const chances = transpose(slice(softmax(logits, 2), [0, 0, 1], [n, r, all]), [0, 2, 1])
  const own = transpose(slice(deltas, [0, 0, 1, 0], [n, r, all, 4]), [0, 2, 1, 3])
  const boxes = clipBoxes(decode(reshape(proposals, [n, 1, r, 4]), own, REGION_WEIGHTS), sizes)
  const possible = mul(cast(isAtLeast(boxes, MIN_SIDE)), reshape(cast(real), [n, 1, r]))
  const scores = where(greater(possible, 0.5), chances, NONE)
  const stays = nonMaximumSuppression(
    reshape(boxes, [n * classes, r, 4]),
    reshape(scores, [n * classes, r]),
    { threshold, minScore },
  )
  const kept = where(reshape(stays, [n, classes * r]), reshape(scores, [n, classes * r]), NONE)
  const found = topK(kept, Math.min(most, classes * r))
  const isFound = greater(found.values, 0)
  const labels = constant(
    Array.from({ length: n * classes * r }, (_, i) => 1 + (Math.floor(i / r) % classes)),
    [n, classes * r],
  )
  const zero = constant([0], [1, 1, 1])
  return {
    boxes: boxesWhere(isFound, rowsAt(reshape(boxes, [n, classes * r, 4]), found.indices), zero),
    scores: found.values,
    labels: cast(where(isFound, rowsAt(labels, found.indices), 0), 'int32'),
  }
}
