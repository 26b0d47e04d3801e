/** Picture files, decoded for a network: PNG, JPEG and whatever else sharp reads. */

import { FileError } from '../errors.ts'
import type { PictureShape } from './augment.ts'

/** 16 million pixels: more than any camera picture that a classifier needs, less than a bomb. */
const LARGEST = 16 * 2 ** 20

/**
 * The pixels of a file, resized to a shape: planar C×H×W, 0 to 255, transparent on black.
 * @throws FileError for files that are missing, damaged, no pictures, or too large
 */
export const readPicture = async (
  path: string,
  [channels, height, width]: PictureShape,
): Promise<Uint8Array> => {
  const { default: sharp } = await import('sharp')
  try {
    const picture = sharp(path, { limitInputPixels: LARGEST, failOn: 'warning' })
      .rotate()
      .flatten({ background: '#000' })
      .resize(width, height, { fit: 'cover' })
    const coloured = channels === 1 ? picture.greyscale() : picture.toColourspace('srgb')
    const { data, info } = await coloured.raw().toBuffer({ resolveWithObject: true })
    const plane = height * width
    return Uint8Array.from(
      { length: channels * plane },
      (_, i) => data[(i % plane) * info.channels + Math.floor(i / plane)],
    )
  } catch (cause) {
    throw new FileError(
      {
        where: path,
        expected: 'a picture (PNG, JPEG, WebP) of at most 16 million pixels',
        got: cause instanceof Error ? cause.message : String(cause),
      },
      { cause },
    )
  }
}
