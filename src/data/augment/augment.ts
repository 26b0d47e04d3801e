/** Augmentation: what happens to a picture on its way to the network, decided by (seed, epoch, index). */

import type { RandomStream } from '../../random.ts'
import type { Normalization } from '../dataset.ts'
import { jittered } from './colour.ts'
import { type Erasing, erase } from './erase.ts'
import { type RandAugment, randAugmented } from './randAugment.ts'
import { turned } from './warp.ts'
import type { ResizedCrop } from './window.ts'

export interface Augmentation {
  /** A crop of the original size, at random from the picture padded with zeros on all sides. */
  readonly crop?: { readonly padding: number } | undefined
  /** A part of random size and aspect, resized to the whole. */
  readonly resizedCrop?: ResizedCrop | undefined
  /** Mirrors every other picture, at random. */
  readonly flip?: boolean | undefined
  /** Brightness, contrast and saturation by random factors within 1 ± strength. */
  readonly colourJitter?: { readonly strength: number } | undefined
  /** Turned by up to so many degrees either way. */
  readonly rotate?: { readonly degrees: number } | undefined
  readonly randAugment?: RandAugment | undefined
  readonly erase?: Erasing | undefined
  /** A square of zeros (after normalisation) about a random centre, clipped at the border. */
  readonly cutout?: { readonly size: number } | undefined
}

export type PictureShape = readonly [channels: number, height: number, width: number]

/** How one picture is moved: its corner in the padded picture, and whether it is mirrored. */
interface Movement {
  readonly top: number
  readonly left: number
  readonly mirrored: boolean
}

const drawMovement = ({ crop, flip }: Augmentation, draw: RandomStream): Movement => {
  const padding = crop?.padding ?? 0
  return {
    top: draw.below(0, 2 * padding + 1) - padding,
    left: draw.below(1, 2 * padding + 1) - padding,
    mirrored: flip === true && draw.uniform(2) < 0.5,
  }
}

/** What each of the 256 pixel values becomes, by channel. */
const tablesOf = ({ mean, deviation }: Normalization): readonly Float32Array[] =>
  mean.map((own, c) =>
    Float32Array.from(
      { length: 256 },
      (_, pixel) => pixel * (1 / (255 * deviation[c])) - own / deviation[c],
    ),
  )

/** Made once for a normalisation, and not for every picture. */
const known = new WeakMap<Normalization, readonly Float32Array[]>()
const tables = (normalization: Normalization): readonly Float32Array[] => {
  const found = known.get(normalization) ?? tablesOf(normalization)
  known.set(normalization, found)
  return found
}

/** Copies normalised pixels as moved; what comes from outside the picture is a zero pixel. */
const place = (
  pixels: Uint8Array,
  [channels, height, width]: PictureShape,
  { top, left, mirrored }: Movement,
  normalization: Normalization,
  target: Float32Array,
  offset: number,
): void => {
  for (let c = 0; c < channels; c++) {
    const normal = tables(normalization)[c]
    const [black] = normal
    for (let y = 0; y < height; y++) {
      const row = y + top
      const from = (c * height + row) * width
      const to = offset + (c * height + y) * width
      // The columns that come from inside the picture, as the result counts them.
      const [near, far] = mirrored ? [width - 1 + left, -1] : [left, 1]
      const first = mirrored ? Math.max(left, 0) : Math.max(-left, 0)
      const last = row < 0 || row >= height ? first : width - Math.max(mirrored ? -left : left, 0)
      if (last - first < width) target.fill(black, to, to + width)
      let source = from + near + far * first
      for (let at = to + first; at < to + last; at++, source += far)
        target[at] = normal[pixels[source]]
    }
  }
}

const cutOut = (
  size: number,
  [channels, height, width]: PictureShape,
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

/** What changes the pixels themselves, before they are moved. */
const changed = (
  pixels: Uint8Array,
  shape: PictureShape,
  { rotate, colourJitter, randAugment }: Augmentation,
  draw: RandomStream,
): Uint8Array => {
  let result = pixels
  if (rotate) {
    const share = 2 * draw.fork('rotate').uniform(0) - 1
    result = turned(result, shape, share * rotate.degrees)
  }
  if (colourJitter) result = jittered(result, shape, colourJitter.strength, draw.fork('jitter'))
  if (randAugment) result = randAugmented(result, shape, randAugment, draw.fork('randAugment'))
  return result
}

/**
 * Writes a picture into a batch: turned, coloured, cropped, mirrored, normalised, cut out.
 * @param draw - the picture's own stream; the same stream gives the same result
 */
export const augment = (
  pixels: Uint8Array,
  shape: PictureShape,
  augmentation: Augmentation,
  normalization: Normalization,
  draw: RandomStream,
  target: Float32Array,
  offset: number,
): void => {
  const given = changed(pixels, shape, augmentation, draw)
  place(given, shape, drawMovement(augmentation, draw), normalization, target, offset)
  if (augmentation.cutout) cutOut(augmentation.cutout.size, shape, draw, target, offset)
  if (augmentation.erase) erase(target, offset, shape, augmentation.erase, draw.fork('erase'))
}

/** One picture as it is, normalised: planar C×H×W. */
export const normalized = (
  pixels: Uint8Array,
  shape: PictureShape,
  normalization: Normalization,
): Float32Array => {
  const target = new Float32Array(pixels.length)
  place(pixels, shape, { top: 0, left: 0, mirrored: false }, normalization, target, 0)
  return target
}
