/**
 * Pre-activation residual units (He et al.: Identity Mappings in Deep Residual Networks,
 * arXiv:1603.05027; Zagoruyko, Komodakis: Wide Residual Networks, arXiv:1605.07146): normalisation
 * and ReLU before each convolution, nothing after the addition; a projection reads the activated
 * input and has no normalisation of its own.
 */

import { type Layer, layer } from '../nn/index.ts'
import { add, relu } from '../ops/index.ts'
import type { Sockets } from './sockets.ts'

export interface PreActivationOptions {
  readonly stride: number
  readonly sockets: Sockets
}

const projection = (
  channels: number,
  outputs: number,
  { stride, sockets }: PreActivationOptions,
): Layer | undefined =>
  stride !== 1 || channels !== outputs
    ? sockets.convolution(channels, outputs, 1, { stride })
    : undefined

/** Two 3×3 convolutions; a replacement takes the first, and ends in a ReLU of its own. */
export const preActivationBasic = (
  channels: number,
  outputs: number,
  options: PreActivationOptions,
): Layer => {
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
      bn1: sockets.normalization(channels),
      conv1: replacement ?? sockets.convolution(channels, outputs, 3, { stride, padding: 1 }),
      bn2: sockets.normalization(outputs),
      conv2: sockets.convolution(outputs, outputs, 3, { padding: 1 }),
      ...recalibrated.children,
      downsample: projection(channels, outputs, options),
    },
    (children, x) => {
      const { bn1, conv1, bn2, conv2, downsample } = children
      const recalibrate = recalibrated.bind(children)
      const activated = relu(bn1(recalibrate('pre', x)))
      const hidden = recalibrate('inside', conv1(activated))
      const residual = recalibrate('standard', conv2(relu(bn2(hidden))))
      const shortcut = recalibrate('identity', downsample ? downsample(activated) : x)
      return recalibrate('post', add(residual, shortcut))
    },
  )
}

/** 1×1, 3×3, 1×1; a replacement takes the 3×3. */
export const preActivationBottleneck = (
  channels: number,
  outputs: number,
  options: PreActivationOptions & { readonly width: number },
): Layer => {
  const { stride, sockets, width } = options
  const replacement = sockets.replacement(width, width, { stride, padding: 1 })
  const recalibrated = sockets.unit({
    pre: channels,
    inside: width,
    standard: outputs,
    identity: outputs,
    post: outputs,
  })
  return layer(
    {
      bn1: sockets.normalization(channels),
      conv1: sockets.convolution(channels, width, 1),
      bn2: sockets.normalization(width),
      conv2: replacement ?? sockets.convolution(width, width, 3, { stride, padding: 1 }),
      bn3: sockets.normalization(width),
      conv3: sockets.convolution(width, outputs, 1),
      ...recalibrated.children,
      downsample: projection(channels, outputs, options),
    },
    (children, x) => {
      const { bn1, conv1, bn2, conv2, bn3, conv3, downsample } = children
      const recalibrate = recalibrated.bind(children)
      const activated = relu(bn1(recalibrate('pre', x)))
      const second = conv2(relu(bn2(conv1(activated))))
      const residual = recalibrate('standard', conv3(relu(bn3(recalibrate('inside', second)))))
      const shortcut = recalibrate('identity', downsample ? downsample(activated) : x)
      return recalibrate('post', add(residual, shortcut))
    },
  )
}
