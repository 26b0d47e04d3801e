/** Detectors by name: `fasterrcnn-` before any residual backbone. */

import { frozenBatchNorm2d } from '../../nn/index.ts'
import type { Backbone } from '../backbone.ts'
import type { Variations } from '../variations.ts'
import { type DetectorOptions, fasterRcnn, TORCHVISION } from './fasterRcnn.ts'

/** What stands before the name of a backbone. */
export const DETECTOR = 'fasterrcnn-'

/** COCO's classes as torchvision counts them, with gaps. */
const CLASSES = 90

/** Regions to train on, by the number of proposals. */
const TRAINED_ON = { 100: 64, 300: 128, 1000: 512 } as const

/** torchvision's numbers, for a pyramid of other channels, fewer proposals, and anchors of another size. */
const optionsOf = ({
  pyramid = 256,
  proposals = 1000,
  anchors = 32,
}: Variations): DetectorOptions => {
  const { anchorSizes, ratios } = TORCHVISION.anchors
  const factor = anchors / anchorSizes[0]
  const { canonicalSize } = TORCHVISION.regions
  return {
    ...TORCHVISION,
    anchors: { anchorSizes: anchorSizes.map(size => size * factor), ratios },
    regions: { ...TORCHVISION.regions, canonicalSize: canonicalSize * factor },
    proposals: {
      training: { ...TORCHVISION.proposals.training, before: 2 * proposals, after: 2 * proposals },
      inference: { ...TORCHVISION.proposals.inference, before: proposals, after: proposals },
    },
    assignRegions: { ...TORCHVISION.assignRegions, count: TRAINED_ON[proposals] },
    channels: pyramid,
    hidden: 4 * pyramid,
  }
}

/** A detector on a backbone; undefined for one whose stages cannot be read. */
export const detectorOn = ({ body, ...backbone }: Backbone): Backbone | undefined =>
  body && {
    ...backbone,
    describe: `Faster R-CNN with a feature pyramid on ${backbone.describe}`,
    task: 'detection',
    size: 800,
    classes: CLASSES,
    variations: [
      ...backbone.variations.filter(name => name !== 'dropout' && name !== 'stem'),
      'frozenNorm',
      'pyramid',
      'proposals',
      'anchors',
    ],
    build: ({ frozenNorm, ...options }) =>
      fasterRcnn(
        body({ ...options, normalize: frozenNorm ? frozenBatchNorm2d : undefined }),
        options.classes,
        optionsOf(options),
      ),
  }
