/** Convolution layers over two axes and over one. */

import { GraphError } from '../errors/index.ts'
import { type ConvolutionOptions, convolution } from '../ops/convolution.ts'
import { type PerAxis, perAxis } from '../ops/window.ts'
import * as init from './init.ts'
import { type Initializer, type Layer, layer, parameter } from './layer.ts'

/** How a convolution moves, and whether it has a bias. */
export interface ConvolutionLayerOptions extends ConvolutionOptions {
  /** Whether there is one, or how it begins; otherwise as PyTorch's. */
  readonly bias?: boolean | Initializer
  /** How the weight begins. */
  readonly initialize?: Initializer
}

const convolutionLayer = (
  channels: number,
  outputs: number,
  kernel: readonly number[],
  { bias = false, initialize = init.heNormal, ...options }: ConvolutionLayerOptions,
): Layer => {
  const { group = 1 } = options
  if (channels % group !== 0 || outputs % group !== 0)
    throw new GraphError({
      where: 'convolution',
      expected: `channels that ${group} groups divide, in and out`,
      got: `${channels} and ${outputs}`,
    })
  const weight = [outputs, channels / group, ...kernel]
  return layer(
    {
      weight: parameter(weight, initialize),
      bias: bias
        ? parameter([outputs], bias === true ? init.torchDefaultBias(weight) : bias)
        : undefined,
    },
    ({ weight, bias }, x) => convolution(x, weight, bias, options),
  )
}

/**
 * [N, channels, H, W] → [N, outputs, H′, W′]; without a bias unless asked for, since a batch
 * normalization usually follows. The padding defaults to 0.
 * @param kernel - its height and width, or one number for both
 * @throws GraphError for groups that do not divide the channels
 */
export const conv2d = (
  channels: number,
  outputs: number,
  kernel: PerAxis,
  options: ConvolutionLayerOptions = {},
): Layer => convolutionLayer(channels, outputs, perAxis(kernel, 2), options)

/** [N, channels, L] → [N, outputs, L′]. */
export const conv1d = (
  channels: number,
  outputs: number,
  kernel: number,
  options: ConvolutionLayerOptions = {},
): Layer => convolutionLayer(channels, outputs, [kernel], options)
