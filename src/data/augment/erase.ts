/**
 * Random erasing (Zhong et al., arXiv:1708.04896): with some probability a rectangle of 2 to 33 % of
 * the image, of aspect ratio 0.3 to 3.3, becomes zero after normalization, which is the mean.
 */

import type { RandomStream } from '../../random/index.ts'
import type { ImageShape } from '../image.ts'

export interface Erasing {
  readonly probability: number
}

const AREA = [0.02, 0.33] as const
const RATIO = 3.3
const TRIES = 10

export const erase = (
  target: Float32Array,
  offset: number,
  [channels, height, width]: ImageShape,
  { probability }: Erasing,
  draw: RandomStream,
): void => {
  if (draw.uniform(0) >= probability) return
  for (let i = 1; i <= 4 * TRIES; i += 4) {
    const area = height * width * (AREA[0] + (AREA[1] - AREA[0]) * draw.uniform(i))
    const ratio = RATIO ** (2 * draw.uniform(i + 1) - 1)
    const [tall, wide] = [Math.round(Math.sqrt(area * ratio)), Math.round(Math.sqrt(area / ratio))]
    if (tall >= height || wide >= width) continue
    const top = draw.below(i + 2, height - tall + 1)
    const left = draw.below(i + 3, width - wide + 1)
    for (let c = 0; c < channels; c++)
      for (let y = top; y < top + tall; y++) {
        const row = offset + (c * height + y) * width + left
        target.fill(0, row, row + wide)
      }
    return
  }
}
