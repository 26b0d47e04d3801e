/** First values of parameters: He's, PyTorch's defaults, and constants. */

import { type Shape, sizeOf } from '../graph/index.ts'
import { type RandomStream, random } from '../random/index.ts'
import { type Initializer, type Layer, variables } from './layer.ts'

const fanIn = ([, ...rest]: Shape): number => sizeOf(rest)
const fanOut = ([outputs, , ...kernel]: Shape): number => outputs * sizeOf(kernel)

export const constantly =
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
export const he: Initializer = shape => normal(Math.sqrt(2 / fanOut(shape)))(shape)

/** PyTorch's default for weights: uniform within ±1/√fan-in. */
export const pytorch: Initializer = shape => uniform(1 / Math.sqrt(fanIn(shape)))

/** PyTorch's default for a bias: uniform within ±1/√fan-in of its weight. */
export const pytorchBias =
  (weight: Shape): Initializer =>
  () =>
    uniform(1 / Math.sqrt(fanIn(weight)))

/**
 * First values of all parameters and buffers by name: a function of the seed alone.
 * @param into - where to put them, for names that have a place
 */
export const initialize = (
  network: Layer,
  seed: number,
  into: ReadonlyMap<string, Float32Array> = new Map(),
): Map<string, Float32Array> => {
  const source = random(seed).fork('initialise')
  return new Map(
    variables(network).map(({ name, drawnAs, tensor: { shape, initialize } }) => {
      const values = into.get(name) ?? new Float32Array(sizeOf(shape))
      initialize(shape)(values, source.fork(drawnAs))
      return [name, values]
    }),
  )
}
