/** Image files, opened for a network: of known formats, within limits, read in parts. */

import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { isMainThread } from 'node:worker_threads'
import { FileError, messageOf } from '../../errors/index.ts'
import { opener, type PlainImage } from '../../native/libvips.ts'
import { whyUnreadable } from '../../platform/node/files.ts'
import { type Placement, placed } from '../augment/place.ts'
import { BLACK, backgroundColor } from '../background.ts'
import { center, type ImageShape, type OpenImage, type Size, type Window } from '../image.ts'
import { pixelPlace, resample, rowsNeeded } from '../kernel/resample.ts'
import type { Normalization } from '../normalization.ts'
import { drawOf, prepareImages } from '../prepare.ts'
import { decodeBmp } from './bmp.ts'
import { FORMAT_NAMES, formatOf, otherFormat } from './formats.ts'

/** Above any camera's files; well below what makes a machine swap. */
export const LIMITS = { pixels: 100e6, bytes: 100e6 }
/** What is decoded whole; of larger images only a part is, or they are shrunk on the way. */
const WHOLE_PIXELS = 16 * 2 ** 20
/** Pixels around a part that its own are made of: what resizing to a third reaches, and one more. */
const MARGIN = 4

const isJpeg = (bytes: Buffer): boolean => bytes.toString('latin1', 0, 3) === '\xff\xd8\xff'

/**
 * Whether a JPEG has its end. Below the part that is read it is then not decoded: damage there does
 * no harm, and one cut short is found out by whichever part is read.
 */
const hasEnd = (bytes: Buffer): boolean =>
  isJpeg(bytes) && bytes.readUInt16BE(bytes.length - 2) === 0xffd9

/** From three times the network's size on libvips lets JPEG's own blocks shrink while they are decoded. */
const worthShrinking = (window: Window, [, height, width]: ImageShape): boolean =>
  Math.min(window.width / width, window.height / height) >= 3

/** The size of a whole image of which a window is that of the network, and where that lies. */
const shrunk = (
  own: Size,
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

/** The part of a large image that a window is made of, in whole pixels. */
const partAround = (own: Size, { left, top, width, height }: Window): Window => {
  const [x, y] = [left, top].map(at => Math.max(Math.floor(at) - MARGIN, 0))
  return {
    left: x,
    top: y,
    width: Math.min(Math.ceil(left + width) + MARGIN, own.width) - x,
    height: Math.min(Math.ceil(top + height) + MARGIN, own.height) - y,
  }
}

/**
 * Reads a window of a plain image on this thread; undefined where sharp is quicker, and for damaged
 * ones too: sharp finds the same, and says what it is.
 */
const readPlain = (
  image: PlainImage,
  bytes: Buffer,
  window: Window,
  shape: ImageShape,
): Uint8Array | undefined => {
  const [channels, height, width] = shape
  if (channels !== 3 || worthShrinking(window, shape)) return undefined
  try {
    const rows = hasEnd(bytes) ? rowsNeeded(image, window, height) : image.height
    image.decode(pixelPlace(image), rows)
    return resample(image, window, [height, width])
  } catch {
    return undefined
  }
}

const openSharp = async (bytes: Buffer) => {
  const { default: sharp } = await import('sharp')
  return sharp(bytes, { limitInputPixels: LIMITS.pixels, failOn: 'warning', autoOrient: true })
}

/** The size of an image upright, as its header has it. */
const sizeBySharp = async (bytes: Buffer): Promise<Size & { readonly hasAlpha?: boolean }> => {
  const { autoOrient, hasAlpha } = await (await openSharp(bytes)).metadata()
  return { ...autoOrient, hasAlpha }
}

/** Reads a window by sharp, on threads of its own: of every image that there is. */
const readBySharp = async (
  bytes: Buffer,
  own: Size & { readonly hasAlpha?: boolean },
  window: Window,
  shape: ImageShape,
  background: string,
): Promise<Uint8Array> => {
  const [channels, height, width] = shape
  const image = await openSharp(bytes)
  let rest = window
  const cut = (part: Window): void => {
    image.extract(part)
    rest = { ...rest, left: rest.left - part.left, top: rest.top - part.top }
  }
  if (own.hasAlpha) image.flatten({ background })
  if (worthShrinking(window, shape)) {
    const { size, part } = shrunk(own, window, shape)
    image.resize(...size, { fit: 'fill', kernel: 'linear' })
    rest = part
    if (hasEnd(bytes)) cut(part)
  } else if (own.width * own.height > WHOLE_PIXELS && (hasEnd(bytes) || !isJpeg(bytes)))
    cut(partAround(own, window))
  if (channels === 1) image.greyscale()
  const { data, info } = await image
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const place = pixelPlace(info)
  if (info.channels === 1)
    for (const [i, value] of data.entries()) place.fill(value, 3 * i, 3 * i + 3)
  else place.set(data)
  return resample(info, rest, [height, width]).subarray(0, channels * height * width)
}

/** What sharp's decoders say, and we say otherwise. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/pixel limit/, `more than ${LIMITS.pixels / 1e6} megapixels`],
  [/corrupt header/, 'a corrupt header'],
  [/libpng read error/, 'damaged or incomplete PNG data'],
  [/unable to parse image/, 'damaged or incomplete WebP data'],
  [/failOn setting/, 'damaged or incomplete data'],
]

/** What sharp said, each thing once and on one line, without the names of its functions. */
const reasonOf = (cause: unknown): string => {
  const lines = messageOf(cause)
    .replace('header:', 'header\n')
    .split('\n')
    .map(line => line.trim().replace(/^(Vips\w+|\w+(load|2vips)\w*): /, ''))
    .filter(line => line !== '')
    .map(line => REASONS.find(([pattern]) => pattern.test(line))?.[1] ?? line)
  return [...new Set(lines)].join('; ')
}

const unreadable = (
  where: string,
  { got, hint }: { readonly got: string; readonly hint?: string | undefined },
  cause?: unknown,
): FileError =>
  new FileError(
    {
      where,
      expected: `an image (${FORMAT_NAMES}) of at most ${LIMITS.pixels / 1e6} megapixels and ${LIMITS.bytes / 1e6} MB`,
      got,
      hint,
    },
    { cause },
  )

/** Pixels as a canvas or sharp gives them: row by row, the channels of each side by side. */
export interface Pixels extends Size {
  /** Gray, RGB or RGBA, 0 to 255. */
  readonly data: Uint8Array | Uint8ClampedArray
}

/** An image: the path of a file, a file's bytes, or pixels. */
export type ImageInput = string | Uint8Array | Pixels

/** A PNG of pixels, without loss: so that they go the way of files. */
const encoded = async ({ data, width, height }: Pixels): Promise<Buffer> => {
  const { default: sharp } = await import('sharp')
  const channels = data.length / (width * height)
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw unreadable('image', {
      got: `${data.length} values for ${width}×${height} pixels of 1, 3 or 4 channels`,
    })
  return sharp(data, { raw: { width, height, channels } }).png({ compressionLevel: 0 }).toBuffer()
}

/** The bytes of an image; a worker thread, which has nothing else to do, waits for its files. */
const bytesOf = async (input: ImageInput): Promise<Buffer> => {
  if (input instanceof Uint8Array) {
    if (input.length > LIMITS.bytes) throw unreadable('image', { got: `${input.length} bytes` })
    return Buffer.from(input.buffer, input.byteOffset, input.length)
  }
  if (typeof input !== 'string') return encoded(input)
  const problem = whyUnreadable(input, LIMITS.bytes)
  if (problem !== undefined) throw unreadable(input, { got: problem })
  return isMainThread ? await readFile(input) : readFileSync(input)
}

/** How an image is read, besides its window. */
export interface DecodeOptions {
  /** What transparency is composed on, as `#rrggbb`; black unless given. */
  readonly background?: string | undefined
}

/** The bytes of an image that sharp reads: those of a BMP as a PNG. */
const readableBytes = async (bytes: Buffer, where: string): Promise<Buffer> => {
  const format = formatOf(bytes)
  if (format === undefined) throw unreadable(where, otherFormat(bytes))
  if (format !== 'BMP') return bytes
  const pixels = await decodeBmp(bytes, LIMITS.pixels)
  if (typeof pixels === 'string') throw unreadable(where, { got: pixels })
  return encoded(pixels)
}

/**
 * Opens an image. What is read is upright sRGB, transparency on the background.
 * @throws FileError, also when read, for files that are missing, damaged, no images, or too large
 */
export const openImage = async (
  input: ImageInput,
  { background = BLACK }: DecodeOptions = {},
): Promise<OpenImage> => {
  const where = typeof input === 'string' ? input : 'image'
  const bytes = await readableBytes(await bytesOf(input), where)
  const fail = (cause: unknown): never => {
    const cut = isJpeg(bytes) && !hasEnd(bytes)
    throw unreadable(where, { got: cut ? 'premature end of JPEG image' : reasonOf(cause) }, cause)
  }
  const opened = (await opener())?.(bytes)
  const plain = opened && opened.width * opened.height <= WHOLE_PIXELS ? opened : undefined
  if (plain === undefined) opened?.close()
  const own = plain ?? (await sizeBySharp(bytes).catch(fail))
  if (own.width * own.height === 1) {
    plain?.close()
    throw unreadable(where, { got: 'a single pixel' })
  }
  return {
    width: own.width,
    height: own.height,
    read: async (window, shape) =>
      (plain && readPlain(plain, bytes, window, shape)) ??
      (await readBySharp(bytes, own, window, shape, background).catch(fail)),
    close: () => plain?.close(),
  }
}

/** How the middle of an image is read. */
export interface ReadOptions extends DecodeOptions {
  /** The size over the shorter side of the resized image; 1 unless given. */
  readonly cropPct?: number | undefined
}

/**
 * The middle of an image, resized to a shape: planar C×H×W, 0 to 255.
 * @throws FileError for files that are missing, damaged, no images, or too large
 */
export const readImage = async (
  input: ImageInput,
  shape: ImageShape,
  { cropPct, background }: ReadOptions = {},
): Promise<Uint8Array> => {
  const image = await openImage(input, {
    background: background && backgroundColor(background),
  })
  try {
    return await image.read(center(image, shape, cropPct), shape)
  } finally {
    image.close?.()
  }
}

/**
 * An image as a whole in the top left corner of a shape, normalized, and where it lies there.
 * @throws FileError for files that are missing, damaged, no images, or too large
 */
export const wholeImage = async (
  input: ImageInput,
  shape: ImageShape,
  { background, mean, std }: DecodeOptions & Normalization,
): Promise<{ readonly input: Float32Array; readonly placement: Placement }> => {
  const image = await openImage(input, { background: background && backgroundColor(background) })
  const source = { shape, letterbox: true, open: async () => image }
  const preparation = { normalization: { mean, std }, augmentation: {}, seed: 0, epoch: 0 }
  return {
    input: await prepareImages(source, Uint32Array.of(0), preparation),
    placement: placed(image, shape, {}, drawOf(preparation, 0)),
  }
}
