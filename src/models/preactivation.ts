/**
 * Pre-activation residual units (He et al.: Identity Mappings in Deep Residual Networks,
 * arXiv:1603.05027; Zagoruyko, Komodakis: Wide Residual Networks, arXiv:1605.07146): normalization
 * and ReLU before each convolution, nothing after the addition; a projection reads the activated
 * input and has no normalization of its own.
 */

import { type Layer, layer } from '../nn/index.ts'
import { add, relu } from '../ops/index.ts'
import { convolutionOf, ends, recalibrationOf, type Step } from './branches.ts'
import type { Sockets } from './sockets.ts'

export interface PreActivationOptions {
  readonly stride: number
  readonly sockets: Sockets
}

/** [N, channels, H, W] → [N, outputs, H / stride, W / stride], children bn1, conv1, bn2, … */
export const preActivationUnit = (
  steps: readonly Step[],
  { stride, sockets }: PreActivationOptions,
): Layer => {
  const [channels, outputs] = ends(steps)
  const branch: Record<string, Layer | undefined> = {}
  for (const [i, step] of steps.entries()) {
    branch[`bn${i + 1}`] = sockets.normalization(step.channels)
    branch[`conv${i + 1}`] = convolutionOf(steps, i, sockets).layer
  }
  const recalibrated = recalibrationOf(steps, sockets)
  const projects = stride !== 1 || channels !== outputs
  const downsample = projects ? sockets.convolution(channels, outputs, 1, { stride }) : undefined
  Object.assign(branch, recalibrated.children, { downsample })
  return layer(branch, (children, x) => {
    const recalibrate = recalibrated.bind(children)
    const activate = (i: number, y: typeof x) => relu(children[`bn${i + 1}`]?.(y) ?? y)
    const activated = activate(0, recalibrate('pre', x))
    let y = activated
    for (const [i, { spatial }] of steps.entries()) {
      if (i > 0) y = activate(i, y)
      y = children[`conv${i + 1}`]?.(y) ?? y
      if (i === 1) y = recalibrate('second-conv', y)
      if (spatial) y = recalibrate('inside', y)
    }
    const residual = recalibrate('standard', y)
    const shortcut = recalibrate('identity', children.downsample?.(activated) ?? x)
    return recalibrate('post', add(residual, shortcut))
  })
}
