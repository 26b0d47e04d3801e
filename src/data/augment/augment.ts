/** Augmentation: what happens to an image on its way to the network, decided by (seed, epoch, index). */

import type { RandomStream } from '../../random/index.ts'
import type { ImageShape } from '../image.ts'
import { type Movement, NO_MOVEMENT, normalize } from '../kernel/normalize.ts'
import type { Normalization } from '../normalization.ts'
import { colorJitter } from './color.ts'
import { type Erasing, erase } from './erase.ts'
import { type RandAugment, randAugment } from './randAugment.ts'
import { rotate } from './warp.ts'
import type { ResizedCrop } from './window.ts'

export interface Augmentation {
  /** A crop of the original size, at random from the image padded with zeros on all sides. */
  readonly crop?: { readonly padding: number } | undefined
  /** A part of random size and aspect, resized to the whole. */
  readonly resizedCrop?: ResizedCrop | undefined
  /** Detection: the size at which an image is placed, times a factor between these two. */
  readonly scaleJitter?: { readonly low: number; readonly high: number } | undefined
  /** Mirrors every other image, at random. */
  readonly flip?: boolean | undefined
  /** Brightness, contrast and saturation by random factors within 1 ± strength. */
  readonly colorJitter?: { readonly strength: number } | undefined
  /** Turned by up to so many degrees either way. */
  readonly rotate?: { readonly degrees: number } | undefined
  readonly randAugment?: RandAugment | undefined
  readonly erase?: Erasing | undefined
  /** A square of zeros (after normalization) about a random center, clipped at the border. */
  readonly cutout?: { readonly size: number } | undefined
}

/** How an image is shifted and mirrored; whatever places its boxes draws the same. */
export const drawMovement = ({ crop, flip }: Augmentation, draw: RandomStream): Movement => {
  const padding = crop?.padding ?? 0
  return {
    top: draw.below(0, 2 * padding + 1) - padding,
    left: draw.below(1, 2 * padding + 1) - padding,
    mirrored: flip === true && draw.uniform(2) < 0.5,
  }
}

const cutOut = (
  size: number,
  [channels, height, width]: ImageShape,
  draw: RandomStream,
  target: Float32Array,
  offset: number,
): void => {
  const top = draw.below(3, height) - Math.floor(size / 2)
  const left = draw.below(4, width) - Math.floor(size / 2)
  const [first, last] = [Math.max(left, 0), Math.min(left + size, width)]
  for (let c = 0; c < channels; c++)
    for (let y = Math.max(top, 0); y < Math.min(top + size, height); y++) {
      const row = offset + (c * height + y) * width
      target.fill(0, row + first, row + last)
    }
}

/** Changes the pixels themselves, before they are moved. */
const recolor = (
  pixels: Uint8Array,
  shape: ImageShape,
  augmentation: Augmentation,
  draw: RandomStream,
): Uint8Array => {
  let result = pixels
  if (augmentation.rotate) {
    const share = 2 * draw.fork('rotate').uniform(0) - 1
    result = rotate(result, shape, share * augmentation.rotate.degrees)
  }
  if (augmentation.colorJitter)
    result = colorJitter(result, shape, augmentation.colorJitter.strength, draw.fork('jitter'))
  if (augmentation.randAugment)
    result = randAugment(result, shape, augmentation.randAugment, draw.fork('randAugment'))
  return result
}

/**
 * Writes an image into a batch: turned, colored, cropped, mirrored, normalized, cut out.
 * @param draw - the image's own stream; the same stream gives the same result
 */
export const augment = (
  pixels: Uint8Array,
  shape: ImageShape,
  augmentation: Augmentation,
  normalization: Normalization,
  draw: RandomStream,
  target: Float32Array,
  offset: number,
): void => {
  const given = recolor(pixels, shape, augmentation, draw)
  normalize(given, shape, drawMovement(augmentation, draw), normalization, target, offset)
  if (augmentation.cutout) cutOut(augmentation.cutout.size, shape, draw, target, offset)
  if (augmentation.erase) erase(target, offset, shape, augmentation.erase, draw.fork('erase'))
}

/** One image as it is, normalized: planar C×H×W. */
export const normalized = (
  pixels: Uint8Array,
  shape: ImageShape,
  normalization: Normalization,
): Float32Array => {
  const target = new Float32Array(pixels.length)
  normalize(pixels, shape, NO_MOVEMENT, normalization, target, 0)
  return target
}
