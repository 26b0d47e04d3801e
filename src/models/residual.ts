/**
 * Residual units (He et al.: Deep Residual Learning, arXiv:1512.03385): normalization after each
 * convolution, ReLU after all but the last, and after the addition.
 */

import { type Layer, lambda, layer } from '../nn/index.ts'
import { add, averagePool, pad, relu } from '../ops/index.ts'
import { convolutionOf, ends, recalibrationOf, type Step } from './branches.ts'
import type { Sockets } from './sockets.ts'

export interface UnitOptions {
  readonly stride: number
  readonly sockets: Sockets
  /** What the shortcut does where shapes differ: a projection, or subsampling and zero channels. */
  readonly shortcut: 'projection' | 'pad'
  /** The kernel of a projection that strides. */
  readonly shortcutKernel?: 1 | 3
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
  [channels, outputs]: readonly [channels: number, outputs: number],
  { stride, sockets, shortcut, shortcutKernel = 1 }: UnitOptions,
): Layer | undefined => {
  if (stride === 1 && channels === outputs) return undefined
  return shortcut === 'pad'
    ? subsample(channels, outputs, stride)
    : sockets.projection(channels, outputs, stride, stride === 1 ? 1 : shortcutKernel)
}

/** [N, channels, H, W] → [N, outputs, H / stride, W / stride], children conv1, bn1, conv2, … */
export const residualUnit = (steps: readonly Step[], options: UnitOptions): Layer => {
  const { sockets } = options
  const branch: Record<string, Layer | undefined> = {}
  for (const [i, step] of steps.entries()) {
    const { layer, replaced } = convolutionOf(steps, i, sockets)
    branch[`conv${i + 1}`] = layer
    branch[`bn${i + 1}`] = replaced ? undefined : sockets.normalization(step.outputs)
  }
  const recalibrated = recalibrationOf(steps, sockets)
  Object.assign(branch, recalibrated.children, { downsample: downsampling(ends(steps), options) })
  return layer(branch, (children, x) => {
    const recalibrate = recalibrated.bind(children)
    let y = recalibrate('pre', x)
    for (const [i, { spatial }] of steps.entries()) {
      const normalize = children[`bn${i + 1}`]
      y = children[`conv${i + 1}`]?.(y) ?? y
      if (normalize === undefined) continue
      if (i === 1) y = recalibrate('second-conv', y)
      y = normalize(y)
      if (spatial) y = recalibrate('inside', y)
      if (i < steps.length - 1) y = relu(y)
    }
    const residual = recalibrate('standard', y)
    const shortcut = recalibrate('identity', children.downsample?.(x) ?? x)
    return recalibrate('post', relu(add(residual, shortcut)))
  })
}
