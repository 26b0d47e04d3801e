/** A small Faster R-CNN with weights and images by formula, as record_detection.py has them of torchvision. */

import { fasterRcnn, TORCHVISION } from '../../src/models/detection/fasterRcnn.ts'
import { resnetBody } from '../../src/models/resnet.ts'
import { frozenBatchNorm2d, type TaskNetwork, variables } from '../../src/nn/index.ts'
import { sizeOf } from '../../src/tensor/tensor.ts'

const suppressed = { threshold: 0.7, minSide: 1e-3 }

/** Bottlenecks of 8 to 64 planes, five classes with the background, and numbers small enough that every branch runs. */
export const tinyDetector = (): TaskNetwork => {
  const body = resnetBody({
    block: 'bottleneck',
    depths: [1, 1, 1, 1],
    stem: 'imagenet',
    stemWidth: 16,
    planes: 8,
    normalize: frozenBatchNorm2d,
  })
  return fasterRcnn(body, 4, {
    ...TORCHVISION,
    anchors: { anchorSizes: [8, 16, 32, 64, 128], ratios: [0.5, 1, 2] },
    proposals: {
      training: { before: 30, after: 100, ...suppressed },
      inference: { before: 24, after: 80, ...suppressed },
    },
    assignAnchors: { ...TORCHVISION.assignAnchors, count: 32 },
    assignRegions: { positive: 0.3, negative: 0.3, count: 16, share: 0.25 },
    regions: { ...TORCHVISION.regions, canonicalSize: 32 },
    detections: { ...TORCHVISION.detections, most: 10 },
    channels: 16,
    hidden: 32,
  })
}

const GAINS: Readonly<Record<string, number>> = {
  'rpn.head.cls_logits.weight': 3,
  'rpn.head.bbox_pred.weight': 0.15,
  'roi_heads.box_predictor.cls_score.weight': 4,
  'roi_heads.box_predictor.bbox_pred.weight': 2,
}

/** Hash of a sine, in −1 … 1: the j-th number of the k-th tensor. */
const unit = (k: number, j: number): number => {
  const s = Math.sin(j * 12.9898 + k * 78.233 + 0.5) * 43758.5453
  return (s - Math.floor(s)) * 2 - 1
}

/** Weights by name: the k-th tensor is by the k-th formula. */
export const formulaWeights = (network: TaskNetwork): Map<string, Float32Array> =>
  new Map(
    variables(network).map(({ name, tensor: { kind, shape } }, k) => {
      const tail = name.slice(name.lastIndexOf('.') + 1)
      const spread = (Math.sqrt(3) * (GAINS[name] ?? 1)) / Math.sqrt(sizeOf(shape.slice(1)))
      const value = (u: number): number => {
        if (shape.length > 1) return u * spread
        if (kind === 'parameter') return 0.05 * u
        return { weight: 1 + 0.2 * u, running_var: 1 + 0.3 * u }[tail] ?? 0.1 * u
      }
      return [name, Float32Array.from({ length: sizeOf(shape) }, (_, j) => value(unit(k, j)))]
    }),
  )

export const INPUT = [128, 160] as const
const ORIGINALS = [
  [90, 120],
  [100, 96],
  [64, 128],
] as const
/** The sizes that torchvision resizes them to. */
export const RESIZED = [
  [96, 128],
  [100, 96],
  [80, 160],
] as const
const BOXES = [
  [
    [10, 12, 60, 70],
    [70, 20, 110, 44],
    [5.5, 60.25, 30, 88.75],
  ],
  [
    [20, 8, 52, 80],
    [58, 50, 90, 90],
  ],
  [],
]
const LABELS = [[1, 2, 4], [3, 1], []]
const MEAN = [0.485, 0.456, 0.406]
const STD = [0.229, 0.224, 0.225]

/** A normalized pixel of an image as it was, by its formula. */
const pixel = (i: number, c: number, y: number, x: number): number => {
  const wave = 0.25 * Math.sin(0.11 * x + 0.7 * c + i) + 0.25 * Math.cos(0.07 * y - 0.3 * c + 2 * i)
  const inside = ([x1, y1, x2, y2]: readonly number[] = []): number =>
    Number(x >= x1 && x < x2 && y >= y1 && y < y2)
  const [first, second] = BOXES[i]
  const value = 0.5 + wave + 0.2 * inside(first) - 0.2 * inside(second)
  return (Math.fround(Math.min(Math.max(value, 0), 1)) - MEAN[c]) / STD[c]
}

/** Bilinear, half-pixel centers: the pixel before, the one after, and the share of that. */
const taps = (at: number, from: number, to: number): [number, number, number] => {
  const source = Math.max(((at + 0.5) * from) / to - 0.5, 0)
  const low = Math.min(Math.floor(source), from - 1)
  return [low, Math.min(low + 1, from - 1), source - low]
}

/** [3, 3, 128, 160]. */
export const images = (): Float32Array => {
  const [height, width] = INPUT
  const batch = new Float32Array(3 * 3 * height * width)
  for (const [i, [tall, wide]] of RESIZED.entries())
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < tall; y++)
        for (let x = 0; x < wide; x++) {
          const [top, bottom, down] = taps(y, ORIGINALS[i][0], tall)
          const [left, right, across] = taps(x, ORIGINALS[i][1], wide)
          const row = (at: number): number =>
            (1 - across) * pixel(i, c, at, left) + across * pixel(i, c, at, right)
          batch[((i * 3 + c) * height + y) * width + x] = (1 - down) * row(top) + down * row(bottom)
        }
  return batch
}

/** `boxes`, `classes` and `sizes` of the batch, with empty slots. */
export const targets = () => {
  const [boxes, classes] = [new Float32Array(3 * 5 * 4), new Int32Array(3 * 5)]
  for (const [i, own] of BOXES.entries())
    for (const [slot, box] of own.entries()) {
      const scales = [1, 0].map(axis => RESIZED[i][axis] / ORIGINALS[i][axis])
      boxes.set(
        box.map((at, corner) => at * scales[corner % 2]),
        (i * 5 + slot) * 4,
      )
      classes[i * 5 + slot] = LABELS[i][slot]
    }
  return {
    boxes: { shape: [3, 5, 4], data: boxes },
    classes: { shape: [3, 5], data: classes },
    sizes: { shape: [3, 2], data: Float32Array.from(RESIZED.flat()) },
  }
}

/** A box in the network's input as one in the image as it was. */
export const toOriginal = (i: number, at: number, corner: number): number =>
  (at * ORIGINALS[i][1 - (corner % 2)]) / RESIZED[i][1 - (corner % 2)]
