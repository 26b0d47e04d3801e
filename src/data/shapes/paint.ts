/** Painting one image of `shapes`: background, clutter, the shape, what is in front of it, noise. */

import type { RandomStream } from '../../random/index.ts'
import {
  background,
  blend,
  bytesOf,
  distractor,
  type Factors,
  type Layer,
  speckle,
  subject,
} from './layers.ts'
import { sequence } from './sequence.ts'

/** Planar 3×size×size bytes. */
export const paint = (factors: Factors, size: number, draw: RandomStream): Uint8Array => {
  const draws = sequence(draw)
  const clutter = (count: number): Layer[] =>
    Array.from({ length: count }, () => distractor(draws, size))
  const behind = [background(draws), ...clutter(3)]
  const layers = [...behind, subject(factors, draws, size), ...clutter(1)]
  const canvas = new Float32Array(3 * size * size)
  for (const layer of layers) blend(canvas, size, layer)
  speckle(canvas, size * size, draws.between(0.01, 0.1), draw.fork('noise'))
  return bytesOf(canvas)
}
