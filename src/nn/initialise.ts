/** First values of parameters: He's, PyTorch's defaults, and constants. */

import { type Shape, sizeOf } from '../graph/index.ts'
import { random } from '../random.ts'
import { type Initialiser, type Layer, variables } from './layer.ts'

const fanIn = ([, ...rest]: Shape): number => sizeOf(rest)
const fanOut = ([outputs, , ...kernel]: Shape): number => outputs * sizeOf(kernel)

export const constantly =
  (value: number): Initialiser =>
  () =>
  () =>
    value

export const normal =
  (deviation: number): Initialiser =>
  () =>
  (draw, index) =>
    deviation * draw.normal(index)

const uniform =
  (bound: number) =>
  (draw: { uniform(index: number): number }, index: number): number =>
    bound * (2 * draw.uniform(index) - 1)

/** Normal with variance 2 / fan-out, for convolutions before ReLU (He et al., arXiv:1502.01852, eq. 14). */
export const he: Initialiser = shape => normal(Math.sqrt(2 / fanOut(shape)))(shape)

/** PyTorch's default for weights: uniform within ±1/√fan-in. */
export const pytorch: Initialiser = shape => uniform(1 / Math.sqrt(fanIn(shape)))

/** PyTorch's default for a bias: uniform within ±1/√fan-in of its weight. */
export const pytorchBias =
  (weight: Shape): Initialiser =>
  () =>
    uniform(1 / Math.sqrt(fanIn(weight)))

/** First values of all parameters and buffers by name: a function of the seed alone. */
export const initialise = (network: Layer, seed: number): Map<string, Float32Array> => {
  const source = random(seed).fork('initialise')
  return new Map(
    variables(network).map(({ name, drawnAs, tensor: { shape, initialise } }) => {
      const draw = source.fork(drawnAs)
      const element = initialise(shape)
      const values = new Float32Array(sizeOf(shape))
      for (let i = 0; i < values.length; i++) values[i] = element(draw, i)
      return [name, values]
    }),
  )
}
