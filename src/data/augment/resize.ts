/** Bilinear resizing of planar pixels, for images no larger than the network's; files go through `kernel/resample.ts`. */

import type { ImageShape, Window } from '../image.ts'

/** Where a sample lies between two others of its axis. */
interface Place {
  readonly low: number
  readonly high: number
  readonly share: number
}

/** Places start, start + step, …, held inside of an axis of so many samples. */
const placesOn = (length: number, start: number, step: number, count: number): Place[] =>
  Array.from({ length: count }, (_, i) => {
    const at = Math.min(Math.max(start + step * i, 0), length - 1)
    const low = Math.floor(at)
    return { low, high: Math.min(low + 1, length - 1), share: at - low }
  })

const sampled = (
  pixels: Uint8Array,
  [channels, height, width]: ImageShape,
  rows: readonly Place[],
  columns: readonly Place[],
): Uint8Array => {
  const result = new Uint8Array(channels * rows.length * columns.length)
  let to = 0
  for (let c = 0; c < channels; c++)
    for (const { low, high, share } of rows) {
      const [above, below] = [(c * height + low) * width, (c * height + high) * width]
      for (const x of columns) {
        const upper = pixels[above + x.low] * (1 - x.share) + pixels[above + x.high] * x.share
        const lower = pixels[below + x.low] * (1 - x.share) + pixels[below + x.high] * x.share
        // Rounded, since what is not negative is cut to a whole number.
        result[to++] = upper * (1 - share) + lower * share + 0.5
      }
    }
  return result
}

/** A window of an image at another size; pixels are squares, the center of the first is half a pixel in. */
export const resize = (
  pixels: Uint8Array,
  shape: ImageShape,
  window: Window,
  [, tall, wide]: ImageShape,
): Uint8Array => {
  const [, height, width] = shape
  const [down, across] = [window.height / tall, window.width / wide]
  return sampled(
    pixels,
    shape,
    placesOn(height, window.top + down / 2 - 0.5, down, tall),
    placesOn(width, window.left + across / 2 - 0.5, across, wide),
  )
}

/** Reads windows of an image that lies in memory, all resized to its own shape. */
export const bilinear =
  (pixels: Uint8Array, shape: ImageShape) =>
  (window: Window): Uint8Array => {
    const [, height, width] = shape
    if (window.width === width && window.height === height) return pixels
    // The whole grid is moved and narrowed to lie inside, where `resize` holds single places.
    const placesIn = (start: number, part: number, length: number): Place[] => {
      const first = Math.max(start + part / length / 2 - 0.5, 0)
      const step = Math.min(part / length, (length - 1 - first) / Math.max(length - 1, 1))
      return placesOn(length, first, step, length)
    }
    return sampled(
      pixels,
      shape,
      placesIn(window.top, window.height, height),
      placesIn(window.left, window.width, width),
    )
  }
