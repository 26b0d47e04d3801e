/** Pixels as an image within a page: a PNG in its address, without loss. */

import { resize } from '../augment/resize.ts'
import type { ImageShape } from '../image.ts'

/** Rows of pixels, the channels of each side by side, as the address of a PNG. */
export const dataUri = async (
  pixels: Uint8Array,
  height: number,
  width: number,
  channels: 1 | 3,
): Promise<string> => {
  const { default: sharp } = await import('sharp')
  const png = await sharp(pixels, { raw: { width, height, channels } }).png().toBuffer()
  return `data:image/png;base64,${png.toString('base64')}`
}

/** Planes of gray or RGB as the address of a PNG. */
export const planesUri = (
  pixels: Uint8Array,
  [channels, height, width]: readonly number[],
): Promise<string> => {
  const plane = height * width
  const interleaved = Uint8Array.from(
    { length: pixels.length },
    (_, i) => pixels[(i % channels) * plane + Math.floor(i / channels)],
  )
  return dataUri(interleaved, height, width, channels === 1 ? 1 : 3)
}

/** Planes made no larger than a side, as the address of a PNG. */
export const thumbnailUri = (
  pixels: Uint8Array,
  shape: ImageShape,
  side: number,
): Promise<string> => {
  const [channels, height, width] = shape
  const scale = Math.min(1, side / Math.max(height, width))
  if (scale === 1) return planesUri(pixels, shape)
  const small = [channels, Math.round(height * scale), Math.round(width * scale)] as const
  return planesUri(resize(pixels, shape, { left: 0, top: 0, width, height }, small), small)
}
