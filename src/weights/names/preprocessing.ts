/**
 * How releases prepare images. Ranges of 0 to 255 are written as for 0 to 1, with mean and
 * std divided by 255: the network sees the same numbers.
 */

import type { Preprocessing } from './naming.ts'

const CAFFE_MEAN = [123 / 255, 117 / 255, 104 / 255] as const

export const PREPROCESSING = {
  /** torchvision, timm, Cadene's SE networks. */
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  /** timm's and TensorFlow's Inception and MobileNet: −1 to 1. */
  inception: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  /** SENet's and SKNet's Caffe models: blue, green, red from 0 to 255, means 104, 117, 123. */
  caffe: { mean: CAFFE_MEAN, std: [1 / 255, 1 / 255, 1 / 255], bgr: true },
  /** Cadene's BN-Inception: the same with means 104, 117, 128. */
  'caffe-bninception': {
    mean: [128 / 255, 117 / 255, 104 / 255],
    std: [1 / 255, 1 / 255, 1 / 255],
    bgr: true,
  },
  /** Pixels from 0 to 1 as they are. */
  none: { mean: [0, 0, 0], std: [1, 1, 1] },
} as const satisfies Readonly<Record<string, Preprocessing>>

export type PreprocessingName = keyof typeof PREPROCESSING
