/** Pixels as image files have them: all channels of a pixel together. */

import type { ImageShape } from '../image.ts'

/** Planar C×H×W as H×W×C. */
export const interleaved = (
  pixels: Uint8Array,
  [channels, height, width]: ImageShape,
): Uint8Array => {
  const plane = height * width
  const result = new Uint8Array(pixels.length)
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < plane; i++) result[i * channels + c] = pixels[c * plane + i]
  return result
}
