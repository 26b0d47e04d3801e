/** Initializers of parameters: constants, normal distributions, He's and PyTorch's defaults. */

import { type Shape, sizeOf } from '../graph/index.ts'
import type { RandomStream } from '../random/index.ts'
import type { Initializer } from './layer.ts'

const fanIn = ([, ...rest]: Shape): number => sizeOf(rest)
const fanOut = ([outputs, , ...kernel]: Shape): number => outputs * sizeOf(kernel)

export const constant =
  (value: number): Initializer =>
  () =>
  values => {
    values.fill(value)
  }

export const normal =
  (std: number): Initializer =>
  () =>
  (values, draw) =>
    draw.fillNormal(values, std)

const uniform =
  (bound: number) =>
  (values: Float32Array, draw: RandomStream): void =>
    draw.fillUniform(values, bound)

/** Normal with variance 2 / fan-out, for convolutions before ReLU (He et al., arXiv:1502.01852, eq. 14). */
export const heNormal: Initializer = shape => normal(Math.sqrt(2 / fanOut(shape)))(shape)

/** Uniform with variance 1 / fan-in, for layers that no ReLU follows: PyTorch's kaiming_uniform of a = 1. */
export const lecunUniform: Initializer = shape => uniform(Math.sqrt(3 / fanIn(shape)))

/** PyTorch's default for weights: uniform within ±1/√fan-in. */
export const torchDefault: Initializer = shape => uniform(1 / Math.sqrt(fanIn(shape)))

/** PyTorch's default for a bias: uniform within ±1/√fan-in of its weight. */
export const torchDefaultBias =
  (weight: Shape): Initializer =>
  () =>
    uniform(1 / Math.sqrt(fanIn(weight)))
