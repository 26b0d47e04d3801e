/** Pooling that networks share. */

import type { Value } from '../graph/index.ts'
import { constant, matmul, reduceMean, reshape } from '../ops/index.ts'

/** [N, C, H, W] → [N, C, 1, 1]: the mean over space. */
export const globalAveragePool = (x: Value): Value => reduceMean(x, [2, 3], { keepDims: true })

/** [N, …] → [N, everything else]. */
export const flatten = (x: Value): Value => reshape(x, [x.shape[0], -1])

/** [outputs, inputs]: row i averages the inputs of the i-th of `outputs` bins, as PyTorch cuts them. */
const bins = (inputs: number, outputs: number): Value => {
  const rows = Array.from({ length: outputs }, (_, i) => {
    const start = Math.floor((i * inputs) / outputs)
    const end = Math.ceil(((i + 1) * inputs) / outputs)
    return Array.from({ length: inputs }, (_, j) => (j >= start && j < end ? 1 / (end - start) : 0))
  })
  return constant(rows.flat(), [outputs, inputs])
}

/** [N, C, H, W] → [N, C]: the mean over space, as a classifier reads it. */
export const globalMean = (x: Value): Value => flatten(globalAveragePool(x))

/** [N, C, H, W] → [N, C, size, size], whatever the input's size; the input itself where it fits. */
export const adaptiveAveragePool = (x: Value, size: number): Value => {
  const [, , height, width] = x.shape
  const down = height === size ? x : matmul(bins(height, size), x)
  return width === size ? down : matmul(down, bins(width, size), { transposeB: true })
}
