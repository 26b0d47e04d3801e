/** Moving every pixel of an image by an affine map, with bilinear sampling. */

import type { ImageShape } from '../image.ts'

/** Where the pixel (x, y) of the result comes from: (a·x + b·y + c, d·x + e·y + f). */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

/** What lies outside of the image; near the mean of photographs. */
const OUTSIDE = 128

/** An image whose pixels come from elsewhere in it; planar C×H×W in and out. */
export const warp = (
  pixels: Uint8Array,
  [channels, height, width]: ImageShape,
  [a, b, c, d, e, f]: Affine,
): Uint8Array => {
  const result = new Uint8Array(pixels.length)
  const plane = height * width
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const fromX = a * x + b * y + c
      const fromY = d * x + e * y + f
      const left = Math.floor(fromX)
      const top = Math.floor(fromY)
      const right = fromX - left
      const down = fromY - top
      const at = y * width + x
      if (left >= 0 && top >= 0 && left + 1 < width && top + 1 < height) {
        for (let p = 0, corner = top * width + left; p < channels; p++, corner += plane) {
          const above = pixels[corner] * (1 - right) + pixels[corner + 1] * right
          const below = pixels[corner + width] * (1 - right) + pixels[corner + width + 1] * right
          // Math.round of what is not negative, in half the time.
          result[p * plane + at] = above * (1 - down) + below * down + 0.5
        }
        continue
      }
      for (let p = 0; p < channels; p++) {
        const pixel = (row: number, column: number): number =>
          row >= 0 && row < height && column >= 0 && column < width
            ? pixels[p * plane + row * width + column]
            : OUTSIDE
        const above = pixel(top, left) * (1 - right) + pixel(top, left + 1) * right
        const below = pixel(top + 1, left) * (1 - right) + pixel(top + 1, left + 1) * right
        result[p * plane + at] = Math.round(above * (1 - down) + below * down)
      }
    }
  return result
}

/** A linear map about the middle of the image, and a shift of the result in pixels. */
export const aboutCenter = (
  [, height, width]: ImageShape,
  [a, b, d, e]: readonly [number, number, number, number],
  [shiftX, shiftY]: readonly [number, number] = [0, 0],
): Affine => {
  const [x, y] = [(width - 1) / 2, (height - 1) / 2]
  return [a, b, x - a * x - b * y - shiftX, d, e, y - d * x - e * y - shiftY]
}

/** Rotates an image about its middle, in degrees anticlockwise. */
export const rotate = (pixels: Uint8Array, shape: ImageShape, degrees: number): Uint8Array => {
  const angle = (degrees * Math.PI) / 180
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return warp(pixels, shape, aboutCenter(shape, [cos, -sin, sin, cos]))
}
