/** Picture files, decoded for a network: JPEG, PNG and WebP, within limits, a part or the middle. */

import { open } from 'node:fs/promises'
import { FileError } from '../errors.ts'
import type { PictureShape } from './augment/augment.ts'

/** 16 million pixels and 50 MB: more than a classifier needs of a camera, less than a bomb. */
export const LARGEST = { pixels: 16 * 2 ** 20, bytes: 50e6 }

/** A part of a picture, in its own pixels. */
export interface Window {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** Chooses the part of a picture of this size that is to fill the network's. */
export type ChooseWindow = (height: number, width: number) => Window

/**
 * The middle of a picture: its shorter side resized to 1/cropPct of the network's, the network's
 * size cut out of the centre, as SENet's evaluation does (256 to 224, cropPct 0.875).
 */
export const centre =
  ([, height, width]: PictureShape, cropPct = 1): ChooseWindow =>
  (ownHeight, ownWidth) => {
    const scale = Math.max(height / ownHeight, width / ownWidth) / cropPct
    const part = { width: width / scale, height: height / scale }
    return { ...part, left: (ownWidth - part.width) / 2, top: (ownHeight - part.height) / 2 }
  }

/** How the file begins, so that nothing but these three decoders ever sees its bytes. */
const isPicture = (bytes: Buffer): boolean =>
  bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])) ||
  bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')) ||
  (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP')

const readLimited = async (path: string): Promise<Buffer> => {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    if (size > LARGEST.bytes) throw new Error(`${size} bytes`)
    const bytes = await file.readFile()
    if (!isPicture(bytes)) throw new Error(`${size} bytes that begin as none of them`)
    return bytes
  } finally {
    await file.close()
  }
}

/** Pixel by pixel to plane by plane. */
const planar = (data: Uint8Array, own: number, channels: number, plane: number): Uint8Array => {
  const result = new Uint8Array(channels * plane)
  if (own === 3 && channels === 3)
    for (let i = 0, from = 0; i < plane; i++, from += 3) {
      result[i] = data[from]
      result[plane + i] = data[from + 1]
      result[2 * plane + i] = data[from + 2]
    }
  else
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < plane; i++) result[c * plane + i] = data[i * own + Math.min(c, own - 1)]
  return result
}

const decode = async (
  bytes: Buffer,
  [channels, height, width]: PictureShape,
  choose: ChooseWindow,
): Promise<Uint8Array> => {
  const { default: sharp } = await import('sharp')
  const picture = sharp(bytes, { limitInputPixels: LARGEST.pixels, failOn: 'warning' })
  const { autoOrient: own, hasAlpha } = await picture.metadata()
  const window = choose(own.height, own.width)
  // Resized whole and then cut: so a JPEG is decoded no larger than needed.
  const whole = {
    width: Math.max(width, Math.round((own.width * width) / window.width)),
    height: Math.max(height, Math.round((own.height * height) / window.height)),
  }
  if (whole.width * whole.height > 8 * LARGEST.pixels)
    throw new Error(`${own.width}×${own.height}, too long and narrow`)
  const between = (value: number, high: number): number => Math.min(Math.max(value, 0), high)
  if (hasAlpha) picture.flatten({ background: '#000' })
  const part = picture
    .autoOrient()
    // Bilinear over all that a pixel covers, as torchvision resizes: half the time of Lanczos.
    .resize({ ...whole, fit: 'fill', kernel: 'linear' })
    .extract({
      left: between(Math.round((window.left * width) / window.width), whole.width - width),
      top: between(Math.round((window.top * height) / window.height), whole.height - height),
      width,
      height,
    })
  const coloured = channels === 1 ? part.greyscale() : part.toColourspace('srgb')
  const { data, info } = await coloured.raw().toBuffer({ resolveWithObject: true })
  return planar(data, info.channels, channels, height * width)
}

/**
 * A part of a picture file, its middle unless told, resized to a shape: planar C×H×W, 0 to 255,
 * upright, transparent on black.
 * @throws FileError for files that are missing, damaged, no pictures, or too large
 */
export const readPicture = async (
  path: string,
  shape: PictureShape,
  choose: ChooseWindow = centre(shape),
): Promise<Uint8Array> => {
  try {
    return await decode(await readLimited(path), shape, choose)
  } catch (cause) {
    throw new FileError(
      {
        where: path,
        expected: 'a picture (PNG, JPEG, WebP), whole, of at most 16 million pixels and 50 MB',
        got: cause instanceof Error ? cause.message : String(cause),
      },
      { cause },
    )
  }
}
