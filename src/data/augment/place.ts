/** Where an image lands in the network's input, and where its boxes land with it. */

import type { RandomStream } from '../../random/index.ts'
import type { ImageShape, Size, Window } from '../image.ts'
import { type Augmentation, drawMovement } from './augment.ts'
import { randomWindow } from './window.ts'

/** A part of an image, resized to a size and put in the top left corner; the rest is padding. */
export interface Placement extends Size {
  /** The part of the image, in its own pixels. */
  readonly window: Window
  /** Whether left and right are exchanged. */
  readonly mirrored: boolean
}

/**
 * Places an image as a whole, as large as fits, times the factor that scale jitter draws; what is
 * then too large is cropped at random (Ghiasi et al., arXiv:2012.07177, section 3).
 * @param draw - the image's own stream, the one that it is augmented by
 */
export const placed = (
  image: Size,
  shape: ImageShape,
  augmentation: Augmentation,
  draw: RandomStream,
): Placement => {
  const [, height, width] = shape
  const { resizedCrop, scaleJitter } = augmentation
  const { mirrored } = drawMovement(augmentation, draw)
  if (resizedCrop)
    return {
      window: randomWindow(image, resizedCrop, draw.fork('window')),
      height,
      width,
      mirrored,
    }
  const place = draw.fork('place')
  const { low, high } = scaleJitter ?? { low: 1, high: 1 }
  const factor = low + (high - low) * place.uniform(0)
  const scale = factor * Math.min(height / image.height, width / image.width)
  /** One axis: its length in the input, and the part of the image's that is seen. */
  const along = (own: number, most: number, index: number) => {
    const whole = Math.max(Math.round(own * scale), 1)
    const length = Math.min(whole, most)
    const part = (own * length) / whole
    return { length, part, start: place.uniform(index) * (own - part) }
  }
  const [x, y] = [along(image.width, width, 1), along(image.height, height, 2)]
  return {
    window: { left: x.start, top: y.start, width: x.part, height: y.part },
    width: x.length,
    height: y.length,
    mirrored,
  }
}

/** The corners x1, y1, x2, y2 of a box x, y, width, height in the network's input, clipped to what is seen. */
export const placeBox = (
  [x, y, boxWidth, boxHeight]: ArrayLike<number> & Iterable<number>,
  { window, width, height, mirrored }: Placement,
): [number, number, number, number] => {
  const across = (at: number): number =>
    Math.min(Math.max(((at - window.left) * width) / window.width, 0), width)
  const down = (at: number): number =>
    Math.min(Math.max(((at - window.top) * height) / window.height, 0), height)
  const [left, right] = [across(x), across(x + boxWidth)]
  const [x1, x2] = mirrored ? [width - right, width - left] : [left, right]
  return [x1, down(y), x2, down(y + boxHeight)]
}

/** The box x, y, width, height in the image of corners in the network's input: what `placeBox` undoes, unless mirrored or clipped. */
export const unplaceBox = (
  [x1, y1, x2, y2]: ArrayLike<number> & Iterable<number>,
  { window, width, height }: Placement,
): [number, number, number, number] => {
  const [across, down] = [window.width / width, window.height / height]
  const [x, y] = [window.left + x1 * across, window.top + y1 * down]
  return [x, y, (x2 - x1) * across, (y2 - y1) * down]
}
