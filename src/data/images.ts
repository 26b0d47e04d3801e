/** Image files, decoded for a network: JPEG, PNG and WebP, within limits, a part or the middle. */

import { readFileSync, statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { isMainThread } from 'node:worker_threads'
import { FileError, messageOf } from '../errors/index.ts'
import { opener } from '../native/libvips.ts'
import type { ImageShape } from './augment/augment.ts'
import { resample } from './kernel/resample.ts'

/** 16 million pixels and 50 MB: more than a classifier needs of a camera, less than a bomb. */
export const LARGEST = { pixels: 16 * 2 ** 20, bytes: 50e6 }

/** A part of an image, in its own pixels. */
export interface Window {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** Chooses the part of an image of this size that is to fill the network's. */
export type ChooseWindow = (height: number, width: number) => Window

/**
 * The middle of an image: its shorter side resized to 1/cropPct of the network's, the network's
 * size cut out of the center, as SENet's evaluation does (256 to 224, cropPct 0.875).
 */
export const center =
  ([, height, width]: ImageShape, cropPct = 1): ChooseWindow =>
  (ownHeight, ownWidth) => {
    const scale = Math.max(height / ownHeight, width / ownWidth) / cropPct
    const part = { width: width / scale, height: height / scale }
    return { ...part, left: (ownWidth - part.width) / 2, top: (ownHeight - part.height) / 2 }
  }

/** How the file begins, so that nothing but these three decoders ever sees its bytes. */
const isImage = (bytes: Buffer): boolean =>
  bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff])) ||
  bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')) ||
  (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP')

/** A worker thread, which has nothing else to do, waits for its files; the main thread does not. */
const readLimited = async (path: string): Promise<Buffer> => {
  const found = isMainThread ? await stat(path) : statSync(path)
  // Reading a pipe waits for ever, and a device may have no end.
  if (!found.isFile()) throw new Error(found.isDirectory() ? 'a folder' : 'no file')
  if (found.size > LARGEST.bytes) throw new Error(`${found.size} bytes`)
  const bytes = isMainThread ? await readFile(path) : readFileSync(path)
  if (!isImage(bytes)) throw new Error(`${found.size} bytes that begin as none of them`)
  return bytes
}

/**
 * Whether a JPEG has its end. Below the part that is read it is then not decoded: damage there does
 * no harm, and one cut short is found out by whichever part is read.
 */
const hasEnd = (bytes: Buffer): boolean =>
  bytes.readUInt16BE(0) === 0xffd8 && bytes.readUInt16BE(bytes.length - 2) === 0xffd9

/** Gray, as color has it. */
const tripled = (data: Uint8Array): Uint8Array =>
  new Uint8Array(3 * data.length).map((_, i) => data[Math.floor(i / 3)])

/** From three times the network's size on libvips lets JPEG's own blocks shrink while they are decoded. */
const worthShrinking = (window: Window, [, height, width]: ImageShape): boolean =>
  Math.min(window.width / width, window.height / height) >= 3

/** The size of a whole image of which a window is that of the network, and where that lies. */
const shrunk = (
  own: { readonly width: number; readonly height: number },
  { left, top, width, height }: Window,
  [, tall, wide]: ImageShape,
): { size: [width: number, height: number]; part: Window } => {
  const size = (length: number, ratio: number): number => Math.round(length * ratio)
  const [across, down] = [size(own.width, wide / width), size(own.height, tall / height)]
  const place = (at: number, most: number): number => Math.min(Math.round(at), most)
  return {
    size: [across, down],
    part: {
      left: place((left * wide) / width, across - wide),
      top: place((top * tall) / height, down - tall),
      width: wide,
      height: tall,
    },
  }
}

/**
 * Decoded on this thread, where that is quicker and the image is plain; else undefined, and for
 * damaged ones too: sharp finds the same, and says what it is.
 */
const decodedHere = async (
  bytes: Buffer,
  shape: ImageShape,
  choose: ChooseWindow,
): Promise<Uint8Array | undefined> => {
  const [channels, tall, wide] = shape
  const image = channels === 3 ? (await opener())?.(bytes) : undefined
  if (!image) return undefined
  try {
    const { width, height } = image
    if (width * height > LARGEST.pixels) return undefined
    const window = choose(height, width)
    if (worthShrinking(window, shape)) return undefined
    const write = (target: Uint8Array, rows: number): void =>
      image.write(target, hasEnd(bytes) ? rows : height)
    return resample({ width, height, write }, window, [tall, wide])
  } catch {
    return undefined
  } finally {
    image.close()
  }
}

/** Decoded by sharp, on threads of its own: every image that there is. */
const decodedBySharp = async (
  bytes: Buffer,
  shape: ImageShape,
  choose: ChooseWindow,
): Promise<Uint8Array> => {
  const { default: sharp } = await import('sharp')
  const [channels, height, width] = shape
  const image = sharp(bytes, {
    limitInputPixels: LARGEST.pixels,
    failOn: 'warning',
    autoOrient: true,
  })
  const { autoOrient: own, hasAlpha } = await image.metadata()
  let window = choose(own.height, own.width)
  if (hasAlpha) image.flatten({ background: '#000' })
  if (worthShrinking(window, shape)) {
    const { size, part } = shrunk(own, window, shape)
    image.resize(...size, { fit: 'fill', kernel: 'linear' })
    if (hasEnd(bytes)) image.extract(part)
    window = hasEnd(bytes) ? { ...part, left: 0, top: 0 } : part
  }
  if (channels === 1) image.greyscale()
  const { data, info } = await image
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const colors = info.channels === 1 ? tripled(data) : data
  const write = (target: Uint8Array): void => target.set(colors)
  return resample({ width: info.width, height: info.height, write }, window, [
    height,
    width,
  ]).subarray(0, channels * height * width)
}

/** What sharp said, each thing once and on one line. */
const reasonOf = (cause: unknown): string => {
  const text = messageOf(cause)
  const lines = text
    .replace('Input buffer has corrupt header:', 'a corrupt header\n')
    .split('\n')
    .map(line => line.trim())
  return [...new Set(lines.filter(line => line !== ''))].join('; ')
}

/** Pixels as a canvas or sharp gives them: row by row, the channels of each side by side. */
export interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray
  readonly width: number
  readonly height: number
}

/** An image: the path of a file, a file's bytes, or pixels (gray, RGB or RGBA). */
export type ImageSource = string | Uint8Array | Pixels

/** A PNG of pixels, without loss: so that they go the way of files. */
const encoded = async ({ data, width, height }: Pixels): Promise<Buffer> => {
  const { default: sharp } = await import('sharp')
  const channels = data.length / (width * height)
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new Error(`${data.length} values for ${width}×${height} pixels of 1, 3 or 4 channels`)
  return sharp(data, { raw: { width, height, channels } }).png({ compressionLevel: 0 }).toBuffer()
}

const bytesOf = async (source: ImageSource): Promise<Buffer> => {
  if (typeof source === 'string') return readLimited(source)
  const bytes =
    source instanceof Uint8Array
      ? Buffer.from(source.buffer, source.byteOffset, source.length)
      : await encoded(source)
  if (!isImage(bytes)) throw new Error(`${bytes.length} bytes that begin as none of them`)
  return bytes
}

/**
 * A part of an image, its middle unless told, resized to a shape: planar C×H×W, 0 to 255,
 * upright, transparent on black.
 * @throws FileError for files that are missing, damaged, no images, or too large
 */
export const readImage = async (
  source: ImageSource,
  shape: ImageShape,
  choose: ChooseWindow = center(shape),
): Promise<Uint8Array> => {
  try {
    const bytes = await bytesOf(source)
    return (await decodedHere(bytes, shape, choose)) ?? (await decodedBySharp(bytes, shape, choose))
  } catch (cause) {
    throw new FileError(
      {
        where: typeof source === 'string' ? source : 'image',
        expected: 'an image (PNG, JPEG, WebP), whole, of at most 16 million pixels and 50 MB',
        got: reasonOf(cause),
      },
      { cause },
    )
  }
}
