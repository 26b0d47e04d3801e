/**
 * The random resized crop of Szegedy et al. (Going deeper with convolutions, arXiv:1409.4842,
 * section 6): a part of 8 to 100 % of the image's area, of aspect ratio 3/4 to 4/3.
 */

import type { RandomStream } from '../../random/index.ts'
import type { Size, Window } from '../image.ts'

export interface ResizedCrop {
  /** The smallest part, as a fraction of the area. */
  readonly scale: number
}

const TRIES = 10
const RATIO = 4 / 3

/** Draws a part at random; where ten draws do not fit, the largest middle within the ratios. */
export const randomWindow = (
  { width, height }: Size,
  { scale }: ResizedCrop,
  draw: RandomStream,
): Window => {
  for (let i = 0; i < TRIES; i++) {
    const area = height * width * (scale + (1 - scale) * draw.uniform(4 * i))
    const ratio = RATIO ** (2 * draw.uniform(4 * i + 1) - 1)
    const part = { width: Math.sqrt(area * ratio), height: Math.sqrt(area / ratio) }
    if (part.width > width || part.height > height) continue
    return {
      ...part,
      left: draw.uniform(4 * i + 2) * (width - part.width),
      top: draw.uniform(4 * i + 3) * (height - part.height),
    }
  }
  const part = { width: Math.min(width, height * RATIO), height: Math.min(height, width * RATIO) }
  return { ...part, left: (width - part.width) / 2, top: (height - part.height) / 2 }
}
