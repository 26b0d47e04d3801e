/** What anchors and regions are trained on: which are drawn, with which class and deltas. */

import { UsageError } from '../../errors/index.ts'
import type { Value } from '../../graph/index.ts'
import type { Mode, Named } from '../../nn/index.ts'
import { cast, concat, constant, expand, greater, mul, where } from '../../ops/index.ts'
import { boxesWhere, encode, intersectionOverUnion, rowsAt, UNIT_BOX } from './boxes.ts'
import { type MatchOptions, match } from './match.ts'
import { REGION_WEIGHTS } from './roi.ts'
import { type Proposals, RPN_WEIGHTS } from './rpn.ts'
import { drawnMask, sample } from './sample.ts'

/** Which boxes are positive, and how many are trained on. */
export interface AssignOptions extends MatchOptions {
  /** So many of an image. */
  readonly count: number
  /** Of them at most this share is positive. */
  readonly share: number
}

/** The objects of a batch: boxes [N, G, 4], classes [N, G] as floats, and which are no padding. */
export interface Objects extends Proposals {
  readonly classes: Value
}

/** The objects that targets hold: `boxes` [N, G, 4] and int `classes` [N, G], 0 where there is none. */
export const objectsOf = ({ boxes, classes: given }: Named): Objects => {
  if (boxes === undefined || given === undefined)
    throw new UsageError({
      where: 'task',
      expected: 'detection, for a network that finds boxes',
      got: 'a task of images without boxes',
      hint: 'Train it on images with boxes, such as shapes-detection, or train another network',
    })
  const classes = cast(given)
  return { boxes, classes, real: greater(classes, 0.5) }
}

/** The deltas from boxes to those objects that are theirs; zeros for boxes that are not positive. */
const deltasTo = (
  boxes: Value,
  { boxes: objects }: Objects,
  matched: Value,
  positive: Value,
  weights: typeof RPN_WEIGHTS,
): Value => {
  const safe = boxesWhere(positive, boxes, UNIT_BOX())
  return encode(safe, boxesWhere(positive, rowsAt(objects, matched), safe), weights)
}

/** `anchorLabels` [N, A] (1, 0, or −1 for those not drawn) and `anchorTargets` [N, A, 4]. */
export const assignAnchors = (
  anchors: readonly number[],
  objects: Objects,
  mode: Mode,
  { share, ...options }: AssignOptions,
): Named => {
  const count = anchors.length / 4
  const [n] = objects.boxes.shape
  const boxes = expand(constant(anchors, [1, count, 4]), [n, count, 4])
  const overlaps = intersectionOverUnion(boxes, objects.boxes)
  const { labels, objects: matched } = match(overlaps, objects.real, {
    ...options,
    lowQuality: true,
  })
  const drawn = sample(labels, mode.uniform([n, count]), {
    count: options.count,
    positive: share,
  })
  const anchorLabels = where(greater(drawnMask(drawn, count), 0.5), labels, -1)
  const positive = greater(anchorLabels, 0.5)
  return {
    anchorLabels,
    anchorTargets: deltasTo(boxes, objects, matched, positive, RPN_WEIGHTS),
  }
}

/** Regions to train on, [N, S], with their class (−1 for an empty slot) and deltas. */
export interface DrawnRegions {
  readonly proposals: Proposals
  readonly labels: Value
  readonly targets: Value
}

/** Draws of the proposals and the objects themselves. */
export const drawRegions = (
  proposals: Proposals,
  objects: Objects,
  mode: Mode,
  { share, ...options }: AssignOptions,
): DrawnRegions => {
  const boxes = concat([proposals.boxes, objects.boxes], 1)
  const real = concat([cast(proposals.real), cast(objects.real)], 1)
  const [n, count] = real.shape
  const overlaps = intersectionOverUnion(boxes, objects.boxes)
  const { labels, objects: matched } = match(overlaps, objects.real, options)
  const classes = mul(labels, rowsAt(objects.classes, matched))
  const isReal = greater(real, 0.5)
  const all = where(isReal, classes, -1)
  const { indices, drawn } = sample(all, mode.uniform([n, count]), {
    count: options.count,
    positive: share,
  })
  const isDrawn = greater(drawn, 0.5)
  const own = boxesWhere(isDrawn, rowsAt(boxes, indices), UNIT_BOX())
  const ownLabels = where(isDrawn, rowsAt(all, indices), -1)
  const ownObjects = cast(rowsAt(cast(matched), indices), 'int32')
  return {
    proposals: { boxes: own, real: isDrawn },
    labels: ownLabels,
    targets: deltasTo(own, objects, ownObjects, greater(ownLabels, 0.5), REGION_WEIGHTS),
  }
}
