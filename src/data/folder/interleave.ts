/** An image of a dataset as sharp takes it. */

import type { Dataset } from '../dataset.ts'

/** The pixels of an image with all channels of a pixel together, H×W×C, and what they are. */
export const interleave = async ({ shape, read }: Dataset, index: number) => {
  const [channels, height, width] = shape
  const pixels = await read(index)
  const plane = height * width
  const input = new Uint8Array(pixels.length)
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < plane; i++) input[i * channels + c] = pixels[c * plane + i]
  return { input: Buffer.from(input.buffer), raw: { width, height, channels: channels as 1 | 3 } }
}
