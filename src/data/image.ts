/** What an image is: its shape, a part of it, and one that is open and can be read in parts. */

export type ImageShape = readonly [channels: number, height: number, width: number]

export interface Size {
  readonly width: number
  readonly height: number
}

/** A part of an image, in its own pixels. */
export interface Window extends Size {
  readonly left: number
  readonly top: number
}

/** An image whose size is known before any of its pixels are. */
export interface OpenImage extends Size {
  /** Reads a part, resized to a shape: planar C×H×W, 0 to 255. Not to be changed by the reader. */
  read(window: Window, shape: ImageShape): Uint8Array | Promise<Uint8Array>
  close?(): void
}

/** Pixels of images of one shape, by index. */
export interface PixelSource {
  readonly shape: ImageShape
  /** The pixels of an image: planar C×H×W, 0 to 255. Not to be changed by the reader. */
  read(index: number): Uint8Array | Promise<Uint8Array>
}

/** How many numbers an image has. */
export const sizeOf = ([channels, height, width]: ImageShape): number => channels * height * width

/**
 * The middle of an image: its shorter side resized to 1/cropPct of the network's, the network's
 * size cut out of the center, as SENet's evaluation does (256 to 224, cropPct 0.875).
 */
export const center = (image: Size, [, height, width]: ImageShape, cropPct = 1): Window => {
  const scale = Math.max(height / image.height, width / image.width) / cropPct
  const part = { width: width / scale, height: height / scale }
  return { ...part, left: (image.width - part.width) / 2, top: (image.height - part.height) / 2 }
}
