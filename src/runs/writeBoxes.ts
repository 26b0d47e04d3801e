/** An image with what a detector found in it, as a file. */

import { type ImageInput, openImage } from '../data/decode/openImage.ts'
import { writeFileAtomic } from '../platform/node/files.ts'
import { boxesSvg, classColor } from '../tasks/detection/drawBoxes.ts'
import { SURE } from '../tasks/detection/errors.ts'
import type { FoundObject } from '../tasks/task.ts'
import { percent } from '../text/numbers.ts'

/** Smaller images are enlarged to this, so that labels can be read. */
const LEAST_SIDE = 640

/**
 * Writes a PNG of an image with boxes and labels, of objects with a score of 0.5 or more.
 * @throws FileError for an image that cannot be read, or a file that cannot be written
 */
export const writeBoxes = async (
  input: ImageInput,
  found: readonly FoundObject[],
  to: string,
): Promise<void> => {
  const { default: sharp } = await import('sharp')
  const image = await openImage(input)
  try {
    const enlarged = Math.max(LEAST_SIDE / Math.max(image.width, image.height), 1)
    const [width, height] = [image.width, image.height].map(side => Math.round(side * enlarged))
    const plane = width * height
    const window = { left: 0, top: 0, width: image.width, height: image.height }
    const pixels = await image.read(window, [3, height, width])
    const raw = Buffer.alloc(3 * plane)
    for (let i = 0; i < 3 * plane; i++) raw[3 * (i % plane) + Math.floor(i / plane)] = pixels[i]
    const names = [...new Set(found.map(one => one.class))].sort()
    const boxes = found
      .filter(({ score }) => score >= SURE)
      .toReversed()
      .map(({ class: name, score, box: [x, y, wide, high] }) => ({
        box: [x * enlarged, y * enlarged, wide * enlarged, high * enlarged] as const,
        label: `${name} ${percent(score, 0)}`,
        color: classColor(1 + names.indexOf(name)),
      }))
    const drawn = sharp(raw, { raw: { width, height, channels: 3 } }).composite([
      { input: Buffer.from(boxesSvg({ width, height }, boxes)) },
    ])
    await writeFileAtomic(to, await drawn.png().toBuffer())
  } finally {
    image.close?.()
  }
}
