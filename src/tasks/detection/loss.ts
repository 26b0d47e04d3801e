/**
 * The four losses of Faster R-CNN (Ren et al., arXiv:1506.01497, equation 1; Girshick: Fast R-CNN,
 * arXiv:1504.08083, section 2.3), as torchvision divides them: by all boxes of the batch that were
 * drawn, positive or not. Each is given image by image, [N], as parts of which the mean is the loss;
 * what is padded counts nowhere.
 */

import type { Value } from '../../graph/index.ts'
import type { Named } from '../../nn/index.ts'
import {
  abs,
  add,
  cast,
  div,
  exp,
  greater,
  less,
  log,
  logSoftmax,
  maximum,
  mul,
  neg,
  oneHot,
  reduceSum,
  reshape,
  sub,
  where,
} from '../../ops/index.ts'

/** Where the L1 loss of box deltas becomes quadratic. */
export interface DetectionLossOptions {
  /** Of anchors. */
  readonly anchorBeta?: number | undefined
  /** Of regions: 1/9, or 1 as Detectron has it. */
  readonly regionBeta?: number | undefined
}

/** x²/(2β) below β, |x| − β/2 above. */
const smoothL1 = (x: Value, beta: number): Value => {
  const size = abs(x)
  return where(less(size, beta), mul(mul(x, x), 0.5 / beta), sub(size, beta / 2))
}

/** −y·log σ(x) − (1 − y)·log(1 − σ(x)), without overflow. */
const binaryCrossEntropy = (logits: Value, labels: Value): Value =>
  add(sub(maximum(logits, 0), mul(logits, labels)), log(add(exp(neg(abs(logits))), 1)))

/** Σ over all but the images, of those that count, divided by how many an image has had drawn on average. */
const perImage = (each: Value, counts: Value, drawn: Value): Value => {
  const kept = where(counts, each, 0)
  const [images, ...axes] = [each.shape[0], ...[...each.shape.keys()].slice(1)]
  return div(mul(reduceSum(kept, axes), images), maximum(reduceSum(drawn), 1))
}

const column = (x: Value): Value => reshape(x, [...x.shape, 1])

/** The parts by torchvision's names, of what the network gives in training. */
export const detectionLoss = (
  {
    objectness,
    anchorLabels,
    anchorDeltas,
    anchorTargets,
    logits,
    regionLabels,
    regionDeltas,
    regionTargets,
  }: Named,
  { anchorBeta = 1 / 9, regionBeta = 1 / 9 }: DetectionLossOptions = {},
): Named => {
  const [isAnchor, isRegion] = [anchorLabels, regionLabels].map(labels => greater(labels, -0.5))
  const [anchors, regions] = [cast(isAnchor), cast(isRegion)]
  const [n, r, classes] = logits.shape
  const labels = oneHot(cast(maximum(regionLabels, 0), 'int32'), classes)
  const entropy = neg(reduceSum(mul(labels, logSoftmax(logits, 2)), [2]))
  const own = reduceSum(mul(regionDeltas, reshape(labels, [n, r, classes, 1])), [2])
  return {
    loss_classifier: perImage(entropy, isRegion, regions),
    loss_box_reg: perImage(
      smoothL1(sub(own, regionTargets), regionBeta),
      column(greater(regionLabels, 0.5)),
      regions,
    ),
    loss_objectness: perImage(
      binaryCrossEntropy(objectness, maximum(anchorLabels, 0)),
      isAnchor,
      anchors,
    ),
    loss_rpn_box_reg: perImage(
      smoothL1(sub(anchorDeltas, anchorTargets), anchorBeta),
      column(greater(anchorLabels, 0.5)),
      anchors,
    ),
  }
}
