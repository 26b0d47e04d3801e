/** Convolutions forward and their weight gradients as contractions over tensors of any strides. */

import type { Shape } from '../../graph/index.ts'
import type { Contraction } from './contraction.ts'
import {
  type Convolution,
  kernels,
  pixels,
  planeOf,
  type Strided,
  windows,
} from './convolutionSides.ts'

/** A convolution over one axis as one over two. */
export const inPlane = (given: Convolution): Convolution => {
  if (given.x.length === 4) return given
  const flat = ([n, c, l]: Shape): Shape => [n, c, 1, l]
  const [begin, end] = given.pads
  return {
    x: flat(given.x),
    weight: flat(given.weight),
    y: flat(given.y),
    strides: [1, ...given.strides],
    pads: [0, begin, 0, end],
    dilations: [1, ...given.dilations],
    group: given.group,
  }
}

/** y[pixel, o] = Σ_{tap, c} x[pixel · stride + tap, c] · w[o, tap, c]. */
export const forward = (
  problem: Convolution,
  x: Strided,
  weight: Strided,
  y: Strided,
): Contraction => {
  const { weight: shape, y: result, group } = problem
  const [outputs, inputs, rows, columns] = shape
  return {
    batch: group,
    m: planeOf(result),
    n: outputs / group,
    k: rows * columns * inputs,
    a: windows(problem, x, 'pixel'),
    b: kernels(shape, group, weight, 'output', 'inner'),
    y: pixels(result, group, y, 'pixel'),
  }
}

/** dw[tap, c, o] = Σ_pixel x[pixel · stride + tap, c] · dy[pixel, o]. */
export const weightGradient = (
  problem: Convolution,
  x: Strided,
  dy: Strided,
  dw: Strided,
): Contraction => {
  const { weight: shape, y: result, group } = problem
  const [outputs, inputs, rows, columns] = shape
  return {
    batch: group,
    m: rows * columns * inputs,
    n: outputs / group,
    k: planeOf(result),
    a: windows(problem, x, 'tap'),
    b: pixels(result, group, dy, 'channel'),
    y: kernels(shape, group, dw, 'output', 'outer'),
  }
}
