/** Convolution layers over two axes and over one. */

import { type ConvolutionOptions, convolution } from '../ops/convolution.ts'
import { type PerAxis, perAxis } from '../ops/window.ts'
import { he, pytorchBias } from './initialise.ts'
import { type Initialiser, type Layer, layer, parameter } from './layer.ts'

export interface ConvolutionLayerOptions extends ConvolutionOptions {
  /** Whether there is one, or how it begins; otherwise as PyTorch's. */
  readonly bias?: boolean | Initialiser
  /** How the weight begins. */
  readonly initialise?: Initialiser
}

const convolutionLayer = (
  outputs: number,
  weight: readonly number[],
  { bias = false, initialise = he, ...options }: ConvolutionLayerOptions,
): Layer =>
  layer(
    {
      weight: parameter(weight, initialise),
      bias: bias ? parameter([outputs], bias === true ? pytorchBias(weight) : bias) : undefined,
    },
    ({ weight, bias }, x) => convolution(x, weight, bias, options),
  )

/**
 * [N, channels, H, W] → [N, outputs, H′, W′]; without a bias unless asked for, since a batch
 * normalisation usually follows. The padding defaults to 0.
 * @param kernel - its height and width, or one number for both
 */
export const conv2d = (
  channels: number,
  outputs: number,
  kernel: PerAxis,
  options: ConvolutionLayerOptions = {},
): Layer =>
  convolutionLayer(
    outputs,
    [outputs, channels / (options.group ?? 1), ...perAxis(kernel, 2)],
    options,
  )

/** [N, channels, L] → [N, outputs, L′]. */
export const conv1d = (
  channels: number,
  outputs: number,
  kernel: number,
  options: ConvolutionLayerOptions = {},
): Layer => convolutionLayer(outputs, [outputs, channels / (options.group ?? 1), kernel], options)
