/**
 * Two images in one: mixup (Zhang et al., arXiv:1710.09412) blends each with another of its batch,
 * CutMix (Yun et al., arXiv:1905.04899, algorithm 1) pastes a rectangle of the other in. Targets
 * are shared by the same proportion: one a batch, and images pair first with last.
 */

import type { RandomStream } from '../random/index.ts'
import type { ImageShape } from './image.ts'

/** The parameters of the Beta distributions (α, α); where both are given, either by turns of a coin. */
export interface Mixing {
  readonly mixup?: number | undefined
  readonly cutmix?: number | undefined
}

export interface Mixed {
  /** The index of the other image of each. */
  readonly partners: Uint32Array
  /** How much of each image is still its own. */
  readonly share: number
}

/** Beta(α, α) for α up to 1, by Jöhnk's rejection. */
export const beta = (alpha: number, draw: RandomStream): number => {
  for (let i = 0; ; i += 2) {
    // In logarithms: a small α makes powers too small for numbers.
    const a = Math.log(1 - draw.uniform(i)) / alpha
    const b = Math.log(1 - draw.uniform(i + 1)) / alpha
    const most = Math.max(a, b)
    const [x, y] = [Math.exp(a - most), Math.exp(b - most)]
    if (most + Math.log(x + y) <= 0) return x / (x + y)
  }
}

const blend = (images: Float32Array, size: number, share: number): void => {
  const count = images.length / size
  for (let i = 0; i < count / 2; i++) {
    const [one, other] = [i * size, (count - 1 - i) * size]
    for (let j = 0; j < size; j++) {
      const [a, b] = [images[one + j], images[other + j]]
      images[one + j] = share * a + (1 - share) * b
      images[other + j] = share * b + (1 - share) * a
    }
  }
}

/** @returns the share after the rectangle was clipped at the border */
const paste = (
  images: Float32Array,
  [channels, height, width]: ImageShape,
  share: number,
  draw: RandomStream,
): number => {
  const cut = Math.sqrt(1 - share)
  const range = (index: number, length: number): [number, number] => {
    const middle = draw.below(index, length)
    const half = Math.floor((cut * length) / 2)
    return [Math.max(middle - half, 0), Math.min(middle + half, length)]
  }
  const [top, bottom] = range(0, height)
  const [left, right] = range(1, width)
  const size = channels * height * width
  const count = images.length / size
  for (let i = 0; i < Math.floor(count / 2); i++)
    for (let c = 0; c < channels; c++)
      for (let y = top; y < bottom; y++) {
        const row = (c * height + y) * width
        const one = images.subarray(i * size + row + left, i * size + row + right)
        const start = (count - 1 - i) * size + row
        const other = images.subarray(start + left, start + right)
        const kept = one.slice()
        one.set(other)
        other.set(kept)
      }
  return 1 - ((bottom - top) * (right - left)) / (height * width)
}

/** Mixes a batch in its place; nothing where nothing is asked for. */
export const mix = (
  images: Float32Array,
  indices: Uint32Array,
  shape: ImageShape,
  { mixup, cutmix }: Mixing,
  draw: RandomStream,
): Mixed | undefined => {
  const cutting = cutmix !== undefined && (mixup === undefined || draw.uniform(0) < 0.5)
  const alpha = cutting ? cutmix : mixup
  if (alpha === undefined) return undefined
  const drawn = beta(alpha, draw.fork('share'))
  const partners = indices.toReversed()
  if (cutting) return { partners, share: paste(images, shape, drawn, draw.fork('cut')) }
  blend(images, images.length / indices.length, drawn)
  return { partners, share: drawn }
}
