/** Colours of planar 0-to-255 pictures, changed as PIL's ImageEnhance does: a blend with a plainer picture. */

import type { RandomStream } from '../../random.ts'
import type { PictureShape } from './augment.ts'

/** ITU-R 601-2 luma of the i-th pixel, or the pixel itself where there is one channel. */
const luma = (pixels: Uint8Array, plane: number, i: number): number =>
  pixels.length === plane
    ? pixels[i]
    : 0.299 * pixels[i] + 0.587 * pixels[plane + i] + 0.114 * pixels[2 * plane + i]

const blend = (pixels: Uint8Array, factor: number, plain: (i: number) => number): Uint8Array => {
  const result = new Uint8ClampedArray(pixels.length)
  for (let i = 0; i < pixels.length; i++) {
    const from = plain(i)
    result[i] = from + factor * (pixels[i] - from)
  }
  return new Uint8Array(result.buffer)
}

/** Towards black at 0. */
export const brightened = (pixels: Uint8Array, factor: number): Uint8Array =>
  blend(pixels, factor, () => 0)

/** Towards the mean grey at 0. */
export const contrasted = (
  pixels: Uint8Array,
  [, height, width]: PictureShape,
  factor: number,
): Uint8Array => {
  const plane = height * width
  let sum = 0
  for (let i = 0; i < plane; i++) sum += luma(pixels, plane, i)
  const mean = Math.round(sum / plane)
  return blend(pixels, factor, () => mean)
}

/** Towards grey at 0. */
export const saturated = (
  pixels: Uint8Array,
  [, height, width]: PictureShape,
  factor: number,
): Uint8Array => {
  const plane = height * width
  return blend(pixels, factor, i => luma(pixels, plane, i % plane))
}

/** Brightness, contrast and saturation, each by a random factor within 1 ± strength. */
export const jittered = (
  pixels: Uint8Array,
  shape: PictureShape,
  strength: number,
  draw: RandomStream,
): Uint8Array => {
  const factor = (i: number): number => 1 + strength * (2 * draw.uniform(i) - 1)
  const lit = contrasted(brightened(pixels, factor(0)), shape, factor(1))
  return saturated(lit, shape, factor(2))
}
