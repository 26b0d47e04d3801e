/**
 * Coordinate Attention (Hou, Zhou, Feng: Coordinate Attention for Efficient Mobile Network Design,
 * arXiv:2103.02907): the means along each row and each column go through one 1×1 convolution,
 * f = δ(BN(F₁[z^h; z^w])), split again into g^h = σ(F_h f^h) and g^w = σ(F_w f^w);
 * y = x · g^h · g^w (equations 4 to 9).
 *
 * Weight names, biases and δ = h-swish are those of the authors' code; hidden width: C / 32, at
 * least 8.
 */

import { batchNorm2d, conv2d, type Layer, layer, tap } from '../nn/index.ts'
import { concat, hardSwish, mul, reduceMean, sigmoid, split, transpose } from '../ops/index.ts'
import { recalibration } from './attention.ts'
import { hiddenWidth } from './hidden.ts'

const keep = { keepDims: true }
const TURN = [0, 1, 3, 2]

export interface CoordinateOptions {
  readonly reduction?: number
  /** The least hidden width. */
  readonly floor?: number
}

/** [N, channels, H, W] → the same shape, each row and each column of each channel scaled. */
export const coordinateAttention = (
  channels: number,
  { reduction = 32, floor = 8 }: CoordinateOptions = {},
): Layer => {
  const hidden = Math.max(floor, hiddenWidth(channels, reduction))
  return layer(
    {
      conv1: conv2d(channels, hidden, 1, { bias: true }),
      bn1: batchNorm2d(hidden),
      conv_h: conv2d(hidden, channels, 1, { bias: true }),
      conv_w: conv2d(hidden, channels, 1, { bias: true }),
    },
    ({ conv1, bn1, conv_h, conv_w }, x, mode) => {
      const [, , height, width] = x.shape
      const rows = reduceMean(x, [3], keep)
      const columns = transpose(reduceMean(x, [2], keep), TURN)
      const f = hardSwish(bn1(conv1(concat([rows, columns], 2))))
      const [ofRows, ofColumns] = split(f, [height, width], 2)
      const g = mul(sigmoid(conv_h(ofRows)), sigmoid(conv_w(transpose(ofColumns, TURN))))
      return mul(x, tap(mode, 'gate', g))
    },
  )
}

/** Coordinate attention as attention of a backbone. */
export const ca = recalibration('ca', 'standard', coordinateAttention)
