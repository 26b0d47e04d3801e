/**
 * Style-based Recalibration Module (Lee, Kim, Nam: SRM, arXiv:1903.10829): style pooling
 * t_c = [μ_c, σ_c] over space, style integration z_c = w_c · t_c, x̃ = σ(BN(z)) · x
 * (equations 1 to 5).
 *
 * As in the authors' code, whose weight names these are: σ² is the unbiased variance plus 10⁻⁵, and
 * w begins as 0, which gates every channel by ½. They decay none of its parameters.
 */

import { sizeOf } from '../graph/index.ts'
import {
  batchNorm2d,
  globalAveragePool,
  init,
  type Layer,
  layer,
  parameter,
  tap,
} from '../nn/index.ts'
import { add, div, mul, reduceSumSquare, reshape, sigmoid, split, sqrt, sub } from '../ops/index.ts'
import { recalibration } from './attention.ts'

const EPSILON = 1e-5

/** [N, channels, H, W] → the same shape, each channel scaled. */
export const styleRecalibration = (channels: number): Layer =>
  layer(
    { cfc: parameter([channels, 2], init.constant(0)), bn: batchNorm2d(channels) },
    ({ cfc, bn }, x, mode) => {
      const pixels = sizeOf(x.shape.slice(2))
      const mean = globalAveragePool(x)
      const squares = reduceSumSquare(sub(x, mean), [2, 3], { keepDims: true })
      const std = sqrt(add(div(squares, Math.max(pixels - 1, 1)), EPSILON))
      const [ofMean, ofStd] = split(cfc, [1, 1], 1).map(w => reshape(w, [1, channels, 1, 1]))
      const z = add(mul(ofMean, mean), mul(ofStd, std))
      const gate = sigmoid(bn(z))
      return mul(x, tap(mode, 'gate', gate))
    },
  )

/** SRM as attention of a backbone. */
export const srm = recalibration('srm', 'standard', styleRecalibration)
