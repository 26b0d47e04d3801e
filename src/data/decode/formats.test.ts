/** Images as people have them: BMP, CMYK, 16 bits, transparency on any color, and no more than a pixel. */

import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { isImageName, remedyFor } from './formats.ts'
import { readImage } from './openImage.ts'

const SHAPE = [3, 2, 2] as const
const WHITE = [255, 255, 255]
/** Red and green above blue and white. */
const COLORS = [[255, 0, 0], [0, 255, 0], [0, 0, 255], WHITE]

const pixelsOf = (planes: Uint8Array): number[][] =>
  [0, 1, 2, 3].map(i => [planes[i], planes[4 + i], planes[8 + i]])

const words = (...values: number[]): number[] =>
  values.flatMap(value => [...Buffer.from(Int32Array.of(value).buffer)])

/** A BMP of so many bits a pixel: what stands between header and pixels, and the pixels' bytes. */
const bmp = (
  bits: number,
  pixels: readonly number[],
  {
    compression = 0,
    table = [] as readonly number[],
    colors = 0,
    size = [2, 2] as readonly number[],
  } = {},
): Buffer => {
  const header = words(40, ...size, 1 | (bits << 16), compression, pixels.length, 0, 0, colors, 0)
  const offset = 14 + header.length + table.length
  const start = words(offset + pixels.length, 0, offset)
  return Buffer.from([0x42, 0x4d, ...start, ...header, ...table, ...pixels])
}
const blueFirst = (color: readonly number[], ...more: number[]): number[] => [
  ...color.toReversed(),
  ...more,
]
const [RED, GREEN, BLUE] = COLORS.map(color => blueFirst(color))
const PALETTE = { table: COLORS.flatMap(color => blueFirst(color, 0)), colors: 4 }
const PLAIN = [...BLUE, ...WHITE, 0, 0, ...RED, ...GREEN, 0, 0]

describe('a BMP', () => {
  it.each<[string, Buffer]>([
    ['24 bits', bmp(24, PLAIN)],
    [
      'rows from top to bottom',
      bmp(24, [...RED, ...GREEN, 0, 0, ...BLUE, ...WHITE, 0, 0], { size: [2, -2] }),
    ],
    [
      '32 bits',
      bmp(
        32,
        [BLUE, WHITE, RED, GREEN].flatMap(color => [...color, 0]),
      ),
    ],
    ['a palette', bmp(8, [2, 3, 0, 0, 0, 1, 0, 0], PALETTE)],
    ['a palette of 16', bmp(4, [0x23, 0, 0, 0, 0x01, 0, 0, 0], PALETTE)],
    ['runs', bmp(8, [1, 2, 1, 3, 0, 0, 1, 0, 1, 1, 0, 1], { ...PALETTE, compression: 1 })],
  ])('of %s', async (_, bytes) => {
    expect(pixelsOf(await readImage(bytes, SHAPE))).toEqual(COLORS)
  })

  it.each<[string, Buffer, string]>([
    ['that ends early', bmp(24, PLAIN.slice(0, 9)), 'got damaged or incomplete BMP data'],
    ['of a header alone', Buffer.from('BM\x46\0\0\0'), 'got damaged or incomplete BMP data'],
    ['without pixels', bmp(24, PLAIN, { size: [0, 0] }), 'got damaged or incomplete BMP data'],
    ['that says it is huge', bmp(24, PLAIN, { size: [50000, 50000] }), 'got 50000×50000 pixels'],
  ])('%s is refused', async (_, bytes, message) => {
    await expect(readImage(bytes, SHAPE)).rejects.toThrow(message)
  })
})

describe('transparency', () => {
  const half = (options = {}) =>
    sharp({
      create: { width: 2, height: 2, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } },
    }).png(options)
  const middle = async (bytes: Buffer, background?: string): Promise<number[]> =>
    pixelsOf(await readImage(bytes, SHAPE, { background }))[0]

  it.each<[string | undefined, number[]]>([
    [undefined, [128, 0, 0]],
    ['white', [255, 127, 127]],
    ['#0f0', [128, 127, 0]],
    ['#0000ff', [128, 0, 127]],
  ])('is composed on %s', async (background, expected) => {
    const forms = [
      half(),
      half({ palette: true }),
      half().toColourspace('rgb16'),
      half().webp({ lossless: true }),
    ]
    for (const form of forms) {
      const found = await middle(await form.toBuffer(), background)
      for (const [c, value] of expected.entries())
        expect(Math.abs(found[c] - value)).toBeLessThan(3)
    }
  })

  it('is not composed on what is no color', async () => {
    await expect(middle(await half().toBuffer(), 'transparent')).rejects.toThrow(
      'data.background: expected a color, such as white or #ffffff, got transparent',
    )
  })
})

it('16 bits a channel are shown as 8', async () => {
  const raw = { width: 2, height: 2, channels: 3 } as const
  const values = COLORS.flat().map(value => 257 * value)
  const image = sharp(Uint16Array.from(values), { raw }).toColourspace('rgb16').png()
  const bytes = await image.toBuffer()
  expect((await sharp(bytes).metadata()).depth).toBe('ushort')
  expect(pixelsOf(await readImage(bytes, SHAPE))).toEqual(COLORS)
})

it('CMYK is shown in sRGB', async () => {
  const create = { width: 16, height: 16, channels: 3, background: '#a08060' } as const
  const bytes = await sharp({ create }).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer()
  expect((await sharp(bytes).metadata()).space).toBe('cmyk')
  const [color] = pixelsOf(await readImage(bytes, SHAPE))
  for (const [c, value] of [0xa0, 0x80, 0x60].entries())
    expect(Math.abs(color[c] - value)).toBeLessThan(12)
})

it('of a moving GIF the first frame is read', async () => {
  const frames = await Promise.all(
    ['#ff0000', '#0000ff'].map(background =>
      sharp({ create: { width: 2, height: 2, channels: 3, background } })
        .png()
        .toBuffer(),
    ),
  )
  const bytes = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer()
  expect((await sharp(bytes).metadata()).pages).toBe(2)
  expect(pixelsOf(await readImage(bytes, SHAPE))).toEqual(Array(4).fill([255, 0, 0]))
})

it('a single pixel is no image', async () => {
  const create = { width: 1, height: 1, channels: 3, background: '#fff' } as const
  const bytes = await sharp({ create }).png().toBuffer()
  await expect(readImage(bytes, SHAPE)).rejects.toThrow('100 MB, got a single pixel')
})

it('a file is known by its ending, in any case; another has a remedy, or was never an image', () => {
  expect(['a.JPG', 'b.jfif', 'c.Tiff', 'd.dib'].every(isImageName)).toBe(true)
  expect(remedyFor(['IMG_1.HEIC', 'b.heic', 'c.dng'])).toContain('-format jpg *.heic *.dng. On')
  expect(remedyFor(['notes.txt'])).toBeUndefined()
})
