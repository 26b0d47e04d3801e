/**
 * The residual branches as data (He et al.: Deep Residual Learning, arXiv:1512.03385; Xie et al.:
 * ResNeXt, arXiv:1611.05431): which convolutions, and where attention may stand among them.
 */

import type { Layer } from '../nn/index.ts'
import type { Recalibrated, Sockets } from './sockets.ts'

/** A convolution of a branch. */
export interface Step {
  readonly channels: number
  readonly outputs: number
  readonly kernel: 1 | 3
  readonly stride?: number
  readonly group?: number
  /** The one that a replacement takes, and that attention inside the unit follows. */
  readonly spatial?: true
}

export interface BranchOptions {
  readonly stride: number
}

/** Two 3×3 convolutions; a replacement takes the first, as in timm's skresnet18. */
export const basic = (
  channels: number,
  outputs: number,
  { stride }: BranchOptions,
): readonly Step[] => [
  { channels, outputs, kernel: 3, stride, spatial: true },
  { channels: outputs, outputs, kernel: 3 },
]

export interface BottleneckOptions extends BranchOptions {
  /** The channels of the 3×3. */
  readonly width: number
  readonly group?: number
  /** Which convolution strides: the first 1×1 (the paper's v1) or the 3×3 (v1.5, torchvision's). */
  readonly strideIn?: '1x1' | '3x3'
  /** Whether the first 1×1 has half the width (SENet-154). */
  readonly halfBottleneck?: boolean
}

/** 1×1, 3×3 (grouped: ResNeXt's), 1×1. */
export const bottleneck = (
  channels: number,
  outputs: number,
  { stride, width, group = 1, strideIn = '3x3', halfBottleneck = false }: BottleneckOptions,
): readonly Step[] => {
  const narrow = halfBottleneck ? width / 2 : width
  const [first, second] = strideIn === '1x1' ? [stride, 1] : [1, stride]
  return [
    { channels, outputs: narrow, kernel: 1, stride: first },
    { channels: narrow, outputs: width, kernel: 3, stride: second, group, spatial: true },
    { channels: width, outputs, kernel: 1 },
  ]
}

/** What a branch reads and gives. */
export const ends = (steps: readonly Step[]): readonly [channels: number, outputs: number] => [
  steps[0].channels,
  steps[steps.length - 1].outputs,
]

/** The convolution of step i, or what replaces it together with its normalization and ReLU. */
export const convolutionOf = (
  steps: readonly Step[],
  i: number,
  sockets: Sockets,
): { readonly layer: Layer; readonly replaced: boolean } => {
  const { channels, outputs, kernel, stride = 1, group = 1, spatial } = steps[i]
  const following = steps.length - 1 - i
  const options = { stride, padding: (kernel - 1) / 2, group }
  const replacement = spatial ? sockets.replacement(channels, outputs, options) : undefined
  return {
    layer: replacement ?? sockets.convolution(channels, outputs, kernel, options, following),
    replaced: replacement !== undefined,
  }
}

/** The recalibration of a unit of this branch and a shortcut. */
export const recalibrationOf = (steps: readonly Step[], { unit }: Sockets): Recalibrated => {
  const [channels, outputs] = ends(steps)
  const inside = steps.find(({ spatial }) => spatial)?.outputs ?? outputs
  return unit(channels, outputs, { inside, 'second-conv': steps[1]?.outputs ?? outputs })
}
