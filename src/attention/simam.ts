/**
 * SimAM (Yang, Zhang, Li, Xie: SimAM: A Simple, Parameter-Free Attention Module, ICML 2021):
 * x̃ = x · σ(1/e*), the energy of a neuron 1/e* = (x − μ)² / (4(σ² + λ)) + ½ with mean and variance
 * of its channel over space (equations 5 and 6), the variance divided by H·W − 1 as in the
 * authors' code.
 *
 * As in the authors' code it stands between a block's second convolution and its normalization. It
 * has no weights.
 */

import { sizeOf } from '../graph/index.ts'
import { globalAveragePool, type Layer, layer, tap } from '../nn/index.ts'
import { add, div, mul, reduceSum, sigmoid, sub } from '../ops/index.ts'
import { recalibration } from './attention.ts'

export interface SimAMOptions {
  /** λ, the regularizer of the energy. */
  readonly lambda?: number
}

/** [N, C, H, W] → the same shape, each element scaled by how far it stands out of its channel. */
export const simpleAttention = ({ lambda = 1e-4 }: SimAMOptions = {}): Layer =>
  layer({}, (_, x, mode) => {
    const others = Math.max(sizeOf(x.shape.slice(2)) - 1, 1)
    const difference = sub(x, globalAveragePool(x))
    const d = mul(difference, difference)
    const variance = div(reduceSum(d, [2, 3], { keepDims: true }), others)
    const energy = add(div(d, mul(add(variance, lambda), 4)), 0.5)
    const gate = sigmoid(energy)
    return mul(x, tap(mode, 'gate', gate))
  })

/** SimAM as attention of a backbone. */
export const simam = recalibration('simam', 'second-conv', (_, options?: SimAMOptions) =>
  simpleAttention(options),
)
