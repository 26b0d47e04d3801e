/**
 * Where Winograd's minimal filtering computes a convolution of 3×3 sooner than the sums themselves:
 * F(4×4, 3×3) takes 36 products for 16 results of a channel, not 144 (Lavin & Gray, 2015,
 * arXiv:1509.09308), and pays for it with transforms of the tiles and of the weights.
 */

import type { Shape } from '../../../graph/index.ts'
import type { ConvolutionAttributes } from '../../../ops/convolution.ts'

/** With fewer channels than these the transforms cost more than the products that they save. */
const CHANNELS = 32

/** Tiles over which the weights' transform is shared, where the weights change from run to run. */
const TILES = 64

const TILE = 4

/**
 * Whether it pays; the bounds are what the directions of convolutions with 16 to 512 channels,
 * 7 to 56 pixels wide, in batches of 1 to 128 took. It depends on shapes alone, so that equal
 * commands compute equal numbers.
 * @param constant - the weights are transformed once for all runs
 */
export const winogradPays = (
  [batch]: Shape,
  weight: Shape,
  [, , ...result]: Shape,
  { strides, dilations, group }: ConvolutionAttributes,
  constant: boolean,
): boolean => {
  const [outputs, inputs, ...kernel] = weight
  const dense = group === 1 && [...strides, ...dilations].every(step => step === 1)
  if (!dense || kernel.join() !== '3,3' || Math.min(outputs, inputs) < CHANNELS) return false
  const tiles = result.reduce((product, size) => product * Math.ceil(size / TILE), batch)
  return constant || tiles >= TILES
}
