/**
 * Faster R-CNN with a feature pyramid (Ren et al., arXiv:1506.01497; Lin et al., arXiv:1612.03144),
 * with torchvision's names and, unless told otherwise, its numbers.
 *
 * N images, A anchors, R proposals an image, S of them trained on, K classes besides the background.
 * All shapes are static: what may be fewer is padded, and what is padded counts nowhere.
 */

import type { Value } from '../../graph/index.ts'
import { type Layer, layer, type Mode, type Named } from '../../nn/index.ts'
import { concat, constant, reshape, stopGradient } from '../../ops/index.ts'
import type { Body } from '../backbone.ts'
import { type AnchorOptions, anchorsOf, type Extent } from './anchors.ts'
import { fpn } from './fpn.ts'
import {
  boxHead,
  boxPredictor,
  type DetectionOptions,
  detect,
  poolRegions,
  type RegionOptions,
} from './roi.ts'
import { type ProposalOptions, type Proposals, propose, rpnHead } from './rpn.ts'
import { type AssignOptions, assignAnchors, drawRegions, objectsOf } from './targets.ts'

/** What a detector is told besides its backbone and classes. */
export interface DetectorOptions {
  readonly anchors: AnchorOptions
  /** How many proposals there are in training, and otherwise. */
  readonly proposals: { readonly training: ProposalOptions; readonly inference: ProposalOptions }
  /** Which anchors are trained on. */
  readonly assignAnchors: AssignOptions
  /** Which proposals are. */
  readonly assignRegions: AssignOptions
  readonly regions: RegionOptions
  readonly detections: DetectionOptions
  /** Channels of the pyramid. */
  readonly channels: number
  /** Features of the hidden layers over a region. */
  readonly hidden: number
}

const suppressed = { threshold: 0.7, minSide: 1e-3 }

/** torchvision's `fasterrcnn_resnet50_fpn`. */
export const TORCHVISION: DetectorOptions = {
  anchors: { anchorSizes: [32, 64, 128, 256, 512], ratios: [0.5, 1, 2] },
  proposals: {
    training: { before: 2000, after: 2000, ...suppressed },
    inference: { before: 1000, after: 1000, ...suppressed },
  },
  assignAnchors: { positive: 0.7, negative: 0.3, count: 256, share: 0.5 },
  assignRegions: { positive: 0.5, negative: 0.5, count: 512, share: 0.25 },
  regions: { size: 7, canonicalSize: 224, canonicalLevel: 4 },
  detections: { minScore: 0.05, threshold: 0.5, most: 100 },
  channels: 256,
  hidden: 1024,
}

const extentOf = ({ shape: [, , height, width] }: Value): Extent => [height, width]

/** Height and width of each image, as the targets say, or of the network's input. */
const sizesOf = (images: Value, { targets }: Mode): Value => {
  const [n] = images.shape
  return (
    targets?.sizes ?? constant(Array.from({ length: n }, () => extentOf(images)).flat(), [n, 2])
  )
}

/**
 * In inference: `boxes` [N, D, 4], `scores` [N, D] and `labels` [N, D], as `detect` has them. In
 * training what losses are made of: `objectness` [N, A] and `anchorDeltas` [N, A, 4] with
 * `anchorLabels` (1, 0; −1 for those not drawn) and `anchorTargets`; `logits` [N, S, K + 1] and
 * `regionDeltas` [N, S, K + 1, 4] with `regionLabels` (0 the background, −1 an empty slot) and
 * `regionTargets` [N, S, 4].
 * @param body - images to what its stages give, of so many channels each
 */
export const fasterRcnn = (
  { body, widths }: Body,
  classes: number,
  options: DetectorOptions = TORCHVISION,
): Layer<Value, Named> => {
  const { anchors, channels, hidden, regions } = options
  const backbone = layer(
    { body, fpn: fpn(widths, channels) },
    ({ body, fpn }, images): Named => fpn(body(images)),
  )
  const rpn = layer(
    { head: rpnHead(channels, anchors.ratios.length) },
    ({ head }, x): Named => head(x),
  )
  const roiHeads = layer(
    {
      box_head: boxHead(channels * regions.size ** 2, hidden),
      box_predictor: boxPredictor(hidden, classes),
    },
    ({ box_head, box_predictor }, pooled): Named => {
      const [n, r, ...region] = pooled.shape
      const { logits, deltas } = box_predictor(box_head(reshape(pooled, [n * r, ...region])))
      return {
        logits: reshape(logits, [n, r, classes + 1]),
        deltas: reshape(deltas, [n, r, classes + 1, 4]),
      }
    },
  )
  return layer(
    { backbone, rpn, roi_heads: roiHeads },
    ({ backbone, rpn, roi_heads }, images, mode): Named => {
      const pyramid = Object.values(backbone(images))
      const sizes = sizesOf(images, mode)
      const all = anchorsOf(pyramid.map(extentOf), extentOf(images), anchors)
      const levels = pyramid.map((level, i) => {
        const { objectness, deltas } = rpn(level)
        return { anchors: all[i], objectness, deltas }
      })
      const fixed = levels.map(level => ({
        ...level,
        objectness: stopGradient(level.objectness),
        deltas: stopGradient(level.deltas),
      }))
      const inTraining = mode.training && mode.targets !== undefined
      const proposals = propose(
        fixed,
        sizes,
        options.proposals[inTraining ? 'training' : 'inference'],
      )
      const judge = (those: Proposals): Named =>
        roi_heads(poolRegions(pyramid.slice(0, -1), images.shape[2], those, regions))
      if (!inTraining || mode.targets === undefined) {
        const { logits, deltas } = judge(proposals)
        return detect(proposals, logits, deltas, sizes, options.detections)
      }
      const objects = objectsOf(mode.targets)
      const drawn = drawRegions(proposals, objects, mode, options.assignRegions)
      const { logits, deltas } = judge(drawn.proposals)
      return {
        objectness: concat(
          levels.map(level => level.objectness),
          1,
        ),
        anchorDeltas: concat(
          levels.map(level => level.deltas),
          1,
        ),
        ...assignAnchors(all.flat(), objects, mode, options.assignAnchors),
        logits,
        regionDeltas: deltas,
        regionLabels: drawn.labels,
        regionTargets: drawn.targets,
      }
    },
  )
}
