/** Bytes of pixels as the network sees them, (pixel − mean) / std, moved within the image. */

import type { ImageShape } from '../image.ts'
import type { Normalization } from '../normalization.ts'
import { kernel, reserve } from './kernel.ts'

/** How an image is moved: its corner in the padded image, and whether it is mirrored. */
export interface Movement {
  readonly top: number
  readonly left: number
  readonly mirrored: boolean
}

export const NO_MOVEMENT: Movement = { top: 0, left: 0, mirrored: false }

/** Writes normalized pixels as moved; what comes from outside the image is a zero pixel. */
export const normalize = (
  pixels: Uint8Array,
  [channels, height, width]: ImageShape,
  { top, left, mirrored }: Movement,
  { mean, std }: Normalization,
  target: Float32Array,
  offset: number,
): void => {
  const [source, result] = reserve(pixels.length, 4 * pixels.length)
  const { memory, normalize: run } = kernel()
  new Uint8Array(memory.buffer).set(pixels, source)
  const floats = new Float32Array(memory.buffer, result, pixels.length)
  // The columns that come from inside the image, as the result counts them.
  const first = Math.max(mirrored ? left : -left, 0)
  const last = width - Math.max(mirrored ? -left : left, 0)
  const near = mirrored ? width - 1 + left - first : left + first
  for (let c = 0; c < channels; c++) {
    const scale = 1 / (255 * std[c])
    const shift = -mean[c] / std[c]
    for (let y = 0; y < height; y++) {
      const row = y + top
      const to = (c * height + y) * width
      const inside = row >= 0 && row < height ? Math.max(last - first, 0) : 0
      if (inside < width) floats.fill(shift, to, to + width)
      const from = source + (c * height + row) * width + near
      run(from, result + 4 * (to + first), inside, Number(mirrored), scale, shift)
    }
  }
  target.set(floats, offset)
}
