/** Images decoded on this thread: the same bits as sharp's, or none at all. */

import { isMainThread } from 'node:worker_threads'
import sharp, { type Sharp } from 'sharp'
import { describe, expect, it } from 'vitest'
import { opener } from './libvips.ts'

const open = await opener(true)
const WIDTH = 93
const HEIGHT = 61
const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const
const create = { width: 31, height: 20, channels: 3, background: '#888', noise } as const
const pixels = await sharp({ create }).resize(WIDTH, HEIGHT, { fit: 'fill' }).raw().toBuffer()
const image = (): Sharp => sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } })

const PLAIN: Readonly<Record<string, () => Sharp>> = {
  'a JPEG': () => image().jpeg(),
  'a JPEG of full color': () => image().jpeg({ quality: 95, chromaSubsampling: '4:4:4' }),
  'a progressive JPEG': () => image().jpeg({ progressive: true }),
  'a JPEG with facts about it': () =>
    image()
      .withExif({ IFD0: { Copyright: 'none' } })
      .jpeg(),
  'a PNG': () => image().png(),
  'an interlaced PNG': () => image().png({ progressive: true }),
  'a PNG of a palette': () => image().png({ palette: true }),
  'a WebP': () => image().webp(),
}

const OTHERS: Readonly<Record<string, () => Sharp>> = {
  'a gray JPEG': () => image().toColourspace('b-w').jpeg(),
  'a JPEG in CMYK': () => image().toColourspace('cmyk').jpeg(),
  'a JPEG with colors of its own': () => image().withIccProfile('p3').jpeg(),
  'a transparent PNG': () => image().ensureAlpha(0.5).png(),
  'a PNG of 16 bits': () => image().toColourspace('rgb16').png(),
  'a transparent WebP': () => image().ensureAlpha(0.5).webp(),
}

// Where sharp's package does not name its library, as on Windows, sharp decodes everything.
describe.skipIf(open === undefined)('on this thread', () => {
  it.each(Object.entries(PLAIN))('%s is decoded to the same bits', async (_, make) => {
    const bytes = await make().toBuffer()
    const expected = await sharp(bytes).raw().toBuffer()
    const opened = open?.(bytes)
    expect([opened?.width, opened?.height]).toEqual([WIDTH, HEIGHT])
    const found = new Uint8Array(expected.length)
    opened?.decode(found, HEIGHT)
    opened?.close()
    expect(Buffer.compare(found, expected)).toBe(0)
  })

  it('a part is that part, and nothing below it is touched', async () => {
    const bytes = await image().jpeg().toBuffer()
    const expected = await sharp(bytes).raw().toBuffer()
    for (const rows of [1, 8, 9, 40]) {
      const opened = open?.(bytes)
      const found = new Uint8Array(expected.length).fill(7)
      opened?.decode(found, rows)
      opened?.close()
      const end = 3 * WIDTH * rows
      expect(Buffer.compare(found.subarray(0, end), expected.subarray(0, end))).toBe(0)
      expect(found.subarray(end).every(value => value === 7)).toBe(true)
    }
  })

  it.each(Object.entries(OTHERS))('%s is left to sharp', async (_, make) => {
    expect(open?.(await make().toBuffer())).toBeUndefined()
  })

  it('a JPEG on its side is left to sharp', async () => {
    const bytes = await image().jpeg().toBuffer()
    // One fact, the orientation (0x112), a short: 6.
    const facts = Buffer.from(
      '457869660000' + '49492a0008000000' + '0100' + '120103000100000006000000' + '00000000',
      'hex',
    )
    const length = Buffer.of(0xff, 0xe1, 0, facts.length + 2)
    const turned = Buffer.concat([bytes.subarray(0, 2), length, facts, bytes.subarray(2)])
    expect((await sharp(turned).metadata()).orientation).toBe(6)
    expect(open?.(turned)).toBeUndefined()
  })

  it('what is damaged is not opened, or throws where it is read', async () => {
    const bytes = await image().jpeg().toBuffer()
    expect(open?.(bytes.subarray(0, 40))).toBeUndefined()
    const cut = open?.(bytes.subarray(0, -300))
    expect(() => cut?.decode(new Uint8Array(pixels.length), HEIGHT)).toThrow(
      'expected a whole image',
    )
    cut?.close()
    // And leaves no error behind that another image would report.
    const png = (await image().png().toBuffer()).subarray(0, 30)
    await expect(sharp(png).metadata()).rejects.toThrow(/^(?!.*VipsJpeg)/s)
  })
})

it('nothing is decoded on the main thread', async () => {
  expect(isMainThread).toBe(true)
  expect(await opener()).toBeUndefined()
})
