/** The fully connected layer: y = x·Wᵀ + b. */

import { add, matmul } from '../ops/index.ts'
import { pytorch, pytorchBias } from './init.ts'
import { type Initializer, type Layer, layer, parameter } from './layer.ts'

/** [N, features] → [N, outputs]; the weight is [outputs, features]. */
export const linear = (
  features: number,
  outputs: number,
  { bias = true, initialize = pytorch }: { bias?: boolean; initialize?: Initializer } = {},
): Layer => {
  const shape = [outputs, features]
  return layer(
    {
      weight: parameter(shape, initialize),
      bias: bias ? parameter([outputs], pytorchBias(shape)) : undefined,
    },
    ({ weight, bias }, x) => {
      const y = matmul(x, weight, { transposeB: true })
      return bias === undefined ? y : add(y, bias)
    },
  )
}
