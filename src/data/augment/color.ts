/** Colors of planar 0-to-255 images, changed as PIL's ImageEnhance does: a blend with a plainer image. */

import type { RandomStream } from '../../random/index.ts'
import type { ImageShape } from '../image.ts'

/** Maps every byte by a table of what becomes of 0 to 255, each rounded and held to a byte. */
export const lookup = (pixels: Uint8Array, change: (value: number) => number): Uint8Array => {
  const table = new Uint8ClampedArray(256).map((_, value) => change(value))
  const result = new Uint8Array(pixels.length)
  for (let i = 0; i < pixels.length; i++) result[i] = table[pixels[i]]
  return result
}

/** Blends with one value, which is all there is at a factor of 0. */
const blend = (pixels: Uint8Array, plain: number, factor: number): Uint8Array =>
  lookup(pixels, value => plain + factor * (value - plain))

/** Blends with black. */
export const adjustBrightness = (pixels: Uint8Array, factor: number): Uint8Array =>
  blend(pixels, 0, factor)

/** ITU-R 601-2 luma of every pixel, or the pixels themselves where there is one channel. */
const lumas = (pixels: Uint8Array, plane: number): Float64Array => {
  const result = new Float64Array(plane)
  const colored = pixels.length === 3 * plane
  for (let i = 0; i < plane; i++)
    result[i] = colored
      ? 0.299 * pixels[i] + 0.587 * pixels[plane + i] + 0.114 * pixels[2 * plane + i]
      : pixels[i]
  return result
}

/** Blends with the mean gray. */
export const adjustContrast = (
  pixels: Uint8Array,
  [, height, width]: ImageShape,
  factor: number,
): Uint8Array => {
  const luma = lumas(pixels, height * width)
  let sum = 0
  for (let i = 0; i < luma.length; i++) sum += luma[i]
  return blend(pixels, Math.round(sum / luma.length), factor)
}

/** Blends with gray. */
export const adjustSaturation = (
  pixels: Uint8Array,
  [channels, height, width]: ImageShape,
  factor: number,
): Uint8Array => {
  const plane = height * width
  const luma = lumas(pixels, plane)
  const result = new Uint8ClampedArray(pixels.length)
  for (let c = 0, at = 0; c < channels; c++)
    for (let i = 0; i < plane; i++, at++) result[at] = luma[i] + factor * (pixels[at] - luma[i])
  return new Uint8Array(result.buffer)
}

/** Brightness, contrast and saturation, each by a random factor within 1 ± strength. */
export const colorJitter = (
  pixels: Uint8Array,
  shape: ImageShape,
  strength: number,
  draw: RandomStream,
): Uint8Array => {
  const factor = (i: number): number => 1 + strength * (2 * draw.uniform(i) - 1)
  const lit = adjustContrast(adjustBrightness(pixels, factor(0)), shape, factor(1))
  return adjustSaturation(lit, shape, factor(2))
}
