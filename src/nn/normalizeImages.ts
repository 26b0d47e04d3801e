/** Images as bytes made what a network sees, (pixel / 255 − mean) / std, within the graph. */

import { GraphError } from '../errors/index.ts'
import { input, type Shape, type Value } from '../graph/index.ts'
import { add, cast, constant, mul, transpose } from '../ops/index.ts'

/** Mean and std per channel. */
export interface Statistics {
  /** One a channel, of pixels in 0…1. */
  readonly mean: readonly number[]
  /** See `mean`. */
  readonly std: readonly number[]
  /** How the bytes lie; planes of colors unless told. */
  readonly layout?: 'NCHW' | 'NHWC' | undefined
}

/**
 * @param images - uint8 [N, C, H, W]
 * @returns float32, the same within rounding as what loaders of data make
 * @throws GraphError for another number of channels than means and stds
 */
export const normalizeImages = (images: Value, { mean, std }: Statistics): Value => {
  const channels = images.shape[1]
  if (mean.length !== channels || std.length !== channels)
    throw new GraphError({
      where: 'normalizeImages',
      expected: `${channels} means and stds, one a channel`,
      got: `${mean.length} and ${std.length}`,
    })
  const perChannel = (values: readonly number[]): Value => constant(values, [1, channels, 1, 1])
  const scaled = mul(cast(images), perChannel(std.map(value => 1 / (255 * value))))
  return add(scaled, perChannel(mean.map((value, c) => -value / std[c])))
}

/** The graph input `images`: normalized floats, or bytes that the graph normalizes by these statistics. */
export const imagesInput = (shape: Shape, statistics?: Statistics): Value => {
  if (statistics === undefined) return input('images', shape)
  const [batch, channels, height, width] = shape
  const bytes =
    statistics.layout === 'NHWC'
      ? transpose(input('images', [batch, height, width, channels], 'uint8'), [0, 3, 1, 2])
      : input('images', shape, 'uint8')
  return normalizeImages(bytes, statistics)
}
