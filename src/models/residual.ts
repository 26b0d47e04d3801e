/**
 * Residual units with sockets for attention (He et al.: Deep Residual Learning, arXiv:1512.03385;
 * Identity Mappings, arXiv:1603.05027; Xie et al.: ResNeXt, arXiv:1611.05431).
 */

import { type Layer, lambda, layer } from '../nn/index.ts'
import { add, averagePool, pad, relu } from '../ops/index.ts'
import type { Sockets } from './sockets.ts'

export interface UnitOptions {
  readonly stride: number
  readonly sockets: Sockets
  /** What the shortcut does where shapes differ: a 1×1 projection, or subsampling and zero channels. */
  readonly shortcut: 'projection' | 'pad'
  /** The kernel of a projection that strides. */
  readonly shortcutKernel?: 1 | 3
}

export interface BottleneckOptions extends UnitOptions {
  /** The channels of the spatial convolution. */
  readonly width: number
  readonly group: number
  /** Which convolution strides: the first 1×1 (the paper's v1) or the 3×3 (v1.5, torchvision's). */
  readonly strideIn: '1x1' | '3x3'
  /** Whether the first 1×1 has half the width (SENet-154). */
  readonly halved?: boolean
}

/** Option A of the paper: every stride-th pixel, new channels zero. No parameters. */
const subsample = (channels: number, outputs: number, stride: number): Layer =>
  lambda(x => {
    const sampled = stride === 1 ? x : averagePool(x, { kernel: 1, stride })
    const before = Math.floor((outputs - channels) / 2)
    return pad(sampled, [0, before, 0, 0, 0, outputs - channels - before, 0, 0])
  })

/** The child that makes the shortcut fit, where it does not. */
const downsampling = (
  channels: number,
  outputs: number,
  { stride, sockets, shortcut, shortcutKernel = 1 }: UnitOptions,
): Layer | undefined => {
  if (stride === 1 && channels === outputs) return undefined
  return shortcut === 'pad'
    ? subsample(channels, outputs, stride)
    : sockets.projection(channels, outputs, stride, stride === 1 ? 1 : shortcutKernel)
}

/** Two 3×3 convolutions; a replacement takes the first, as in timm's skresnet18. */
export const basicBlock = (channels: number, outputs: number, options: UnitOptions): Layer => {
  const { stride, sockets } = options
  const replacement = sockets.replacement(channels, outputs, { stride, padding: 1 })
  const recalibrated = sockets.unit({
    pre: channels,
    inside: outputs,
    standard: outputs,
    identity: outputs,
    post: outputs,
  })
  return layer(
    {
      conv1: replacement ?? sockets.convolution(channels, outputs, 3, { stride, padding: 1 }),
      bn1: replacement ? undefined : sockets.normalization(outputs),
      conv2: sockets.convolution(outputs, outputs, 3, { padding: 1 }),
      bn2: sockets.normalization(outputs),
      ...recalibrated.children,
      downsample: downsampling(channels, outputs, options),
    },
    (children, x) => {
      const { conv1, bn1, conv2, bn2, downsample } = children
      const recalibrate = recalibrated.bind(children)
      const first = conv1(recalibrate('pre', x))
      const hidden = bn1 ? relu(recalibrate('inside', bn1(first))) : first
      const residual = recalibrate('standard', bn2(conv2(hidden)))
      const shortcut = recalibrate('identity', downsample ? downsample(x) : x)
      return recalibrate('post', relu(add(residual, shortcut)))
    },
  )
}

/** 1×1, 3×3 (grouped: ResNeXt's), 1×1; a replacement takes the 3×3. */
export const bottleneck = (
  channels: number,
  outputs: number,
  options: BottleneckOptions,
): Layer => {
  const { stride, sockets, width, group, strideIn, halved = false } = options
  const narrow = halved ? width / 2 : width
  const [first, second] = strideIn === '1x1' ? [stride, 1] : [1, stride]
  const spatial = { stride: second, padding: 1, group }
  const replacement = sockets.replacement(narrow, width, spatial)
  const recalibrated = sockets.unit({
    pre: channels,
    inside: width,
    standard: outputs,
    identity: outputs,
    post: outputs,
  })
  return layer(
    {
      conv1: sockets.convolution(channels, narrow, 1, { stride: first }),
      bn1: sockets.normalization(narrow),
      conv2: replacement ?? sockets.convolution(narrow, width, 3, spatial),
      bn2: replacement ? undefined : sockets.normalization(width),
      conv3: sockets.convolution(width, outputs, 1),
      bn3: sockets.normalization(outputs),
      ...recalibrated.children,
      downsample: downsampling(channels, outputs, options),
    },
    (children, x) => {
      const { conv1, bn1, conv2, bn2, conv3, bn3, downsample } = children
      const recalibrate = recalibrated.bind(children)
      const reduced = relu(bn1(conv1(recalibrate('pre', x))))
      const second = conv2(reduced)
      const hidden = bn2 ? relu(recalibrate('inside', bn2(second))) : second
      const residual = recalibrate('standard', bn3(conv3(hidden)))
      const shortcut = recalibrate('identity', downsample ? downsample(x) : x)
      return recalibrate('post', relu(add(residual, shortcut)))
    },
  )
}
