/** The fully connected layer: y = x·Wᵀ + b. */

import { add, matmul } from '../ops/index.ts'
import * as init from './init.ts'
import { type Initializer, type Layer, layer, parameter } from './layer.ts'

/** [N, features] → [N, outputs]; the weight is [outputs, features]. */
export const linear = (
  features: number,
  outputs: number,
  {
    bias = true,
    initialize = init.torchDefault,
  }: { bias?: boolean; initialize?: Initializer } = {},
): Layer => {
  const shape = [outputs, features]
  return layer(
    {
      weight: parameter(shape, initialize),
      bias: bias ? parameter([outputs], init.torchDefaultBias(shape)) : undefined,
    },
    ({ weight, bias }, x) => {
      const y = matmul(x, weight, { transposeB: true })
      return bias === undefined ? y : add(y, bias)
    },
  )
}
