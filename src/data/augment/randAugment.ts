/**
 * RandAugment (Cubuk et al., arXiv:1909.13719): a number of operations drawn from fourteen, all at
 * one magnitude of 0 to 10, with AutoAugment's ranges (arXiv:1805.09501, Table 6). Differences: what
 * moves in from outside is gray, and sharpness blends with a 3×3 mean.
 */

import type { RandomStream } from '../../random/index.ts'
import type { ImageShape } from '../image.ts'
import { adjustBrightness, adjustContrast, adjustSaturation, lookup } from './color.ts'
import { aboutCenter, rotate, warp } from './warp.ts'

export interface RandAugment {
  readonly operations: number
  /** 0 to 10. */
  readonly magnitude: number
}

/** @param level - 0 to 1; @param sign - 1 or −1, for what goes both ways */
type Operation = (pixels: Uint8Array, shape: ImageShape, level: number, sign: number) => Uint8Array

/** Each plane through a table of its own. */
const perPlane = (
  pixels: Uint8Array,
  [, height, width]: ImageShape,
  table: (plane: Uint8Array) => (value: number) => number,
): Uint8Array => {
  const size = height * width
  const result = new Uint8Array(pixels.length)
  for (let start = 0; start < pixels.length; start += size) {
    const plane = pixels.subarray(start, start + size)
    result.set(lookup(plane, table(plane)), start)
  }
  return result
}

const stretch = (plane: Uint8Array): ((value: number) => number) => {
  let [low, high] = [255, 0]
  for (const value of plane) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return high <= low ? value => value : value => Math.floor(((value - low) * 255) / (high - low))
}

/** PIL's ImageOps.equalize. */
const equalize = (plane: Uint8Array): ((value: number) => number) => {
  const histogram = new Uint32Array(256)
  for (const value of plane) histogram[value]++
  const last = histogram.findLast(count => count > 0) ?? 0
  const step = Math.floor((plane.length - last) / 255)
  if (step === 0) return value => value
  let sum = Math.floor(step / 2)
  const table = Array.from(histogram, count => {
    const value = Math.min(Math.floor(sum / step), 255)
    sum += count
    return value
  })
  return value => table[value]
}

/** Each pixel the mean of the nine around it; the border as it is. */
const soften = (pixels: Uint8Array, [, height, width]: ImageShape): Uint8Array => {
  const result = pixels.slice()
  const plane = height * width
  for (let start = 0; start < pixels.length; start += plane)
    for (let y = 1; y < height - 1; y++)
      for (let x = 1; x < width - 1; x++) {
        const at = start + y * width + x
        let sum = 0
        for (let row = at - width; row <= at + width; row += width)
          sum += pixels[row - 1] + pixels[row] + pixels[row + 1]
        result[at] = Math.round(sum / 9)
      }
  return result
}

/** Away from `plain` by a factor. */
const away = (pixels: Uint8Array, plain: Uint8Array, factor: number): Uint8Array => {
  const result = new Uint8ClampedArray(pixels.length)
  for (let i = 0; i < pixels.length; i++) result[i] = plain[i] + factor * (pixels[i] - plain[i])
  return new Uint8Array(result.buffer)
}

const enhancement = (level: number, sign: number): number => 1 + 0.9 * level * sign

export const OPERATIONS = {
  identity: pixels => pixels,
  autoContrast: (pixels, shape) => perPlane(pixels, shape, stretch),
  equalize: (pixels, shape) => perPlane(pixels, shape, equalize),
  rotate: (pixels, shape, level, sign) => rotate(pixels, shape, 30 * level * sign),
  solarize: (pixels, shape, level) =>
    perPlane(pixels, shape, () => value => (value >= 256 - 256 * level ? 255 - value : value)),
  posterize: (pixels, shape, level) => {
    const mask = 255 & ~(2 ** Math.round(4 * level) - 1)
    return perPlane(pixels, shape, () => value => value & mask)
  },
  color: (pixels, shape, level, sign) => adjustSaturation(pixels, shape, enhancement(level, sign)),
  contrast: (pixels, shape, level, sign) => adjustContrast(pixels, shape, enhancement(level, sign)),
  brightness: (pixels, _, level, sign) => adjustBrightness(pixels, enhancement(level, sign)),
  sharpness: (pixels, shape, level, sign) =>
    away(pixels, soften(pixels, shape), enhancement(level, sign)),
  shearX: (pixels, shape, level, sign) =>
    warp(pixels, shape, aboutCenter(shape, [1, 0.3 * level * sign, 0, 1])),
  shearY: (pixels, shape, level, sign) =>
    warp(pixels, shape, aboutCenter(shape, [1, 0, 0.3 * level * sign, 1])),
  translateX: (pixels, shape, level, sign) =>
    warp(pixels, shape, aboutCenter(shape, [1, 0, 0, 1], [0.45 * level * sign * shape[2], 0])),
  translateY: (pixels, shape, level, sign) =>
    warp(pixels, shape, aboutCenter(shape, [1, 0, 0, 1], [0, 0.45 * level * sign * shape[1]])),
} as const satisfies Record<string, Operation>

const all: readonly Operation[] = Object.values(OPERATIONS)

export const randAugment = (
  pixels: Uint8Array,
  shape: ImageShape,
  { operations, magnitude }: RandAugment,
  draw: RandomStream,
): Uint8Array => {
  let result = pixels
  for (let i = 0; i < operations; i++) {
    const operation = all[draw.below(2 * i, all.length)]
    result = operation(result, shape, magnitude / 10, draw.uniform(2 * i + 1) < 0.5 ? -1 : 1)
  }
  return result
}
