/** Picture files: the part that was asked for, upright, in colour; and what is refused. */

import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FileError } from '../errors.ts'
import { centre, LARGEST, readPicture } from './pictures.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'excite-'))
})
afterAll(() => rm(folder, { recursive: true }))

const file = async (name: string, bytes: Uint8Array | string): Promise<string> => {
  await writeFile(join(folder, name), bytes)
  return join(folder, name)
}
const plain = (width: number, height: number, background = '#c04020') =>
  sharp({ create: { width, height, channels: 3, background } })
/** Four quarters: red and green above blue and white. */
const quarters = (size: number) =>
  sharp(
    Buffer.from(
      Array.from({ length: size * size }, (_, i) => {
        const [right, down] = [i % size >= size / 2, i >= (size * size) / 2]
        if (right && down) return [255, 255, 255]
        return right ? [0, 255, 0] : down ? [0, 0, 255] : [255, 0, 0]
      }).flat(),
    ),
    { raw: { width: size, height: size, channels: 3 } },
  )
const SHAPE = [3, 4, 4] as const
const pixelOf = (pixels: Uint8Array, i: number): number[] => [0, 1, 2].map(c => pixels[c * 16 + i])

describe('a picture', () => {
  it.each(['jpeg', 'png', 'webp'] as const)('is read from %s', async format => {
    const bytes = await plain(30, 20).toFormat(format, { quality: 100 }).toBuffer()
    const pixels = await readPicture(await file(`a.${format}`, bytes), SHAPE)
    expect(pixels).toHaveLength(48)
    for (const [c, value] of [0xc0, 0x40, 0x20].entries())
      expect(Math.abs(pixels[c * 16] - value)).toBeLessThan(4)
  })

  it('is planar, and its window fills the shape', async () => {
    const path = await file('quarters.png', await quarters(32).png().toBuffer())
    const whole = await readPicture(path, SHAPE)
    expect([0, 3, 12, 15].map(i => pixelOf(whole, i))).toEqual([
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [255, 255, 255],
    ])
    const corner = await readPicture(path, SHAPE, () => ({ left: 20, top: 4, width: 8, height: 8 }))
    for (let i = 0; i < 16; i++)
      for (const [c, value] of [0, 255, 0].entries())
        expect(Math.abs(pixelOf(corner, i)[c] - value)).toBeLessThan(4)
  })

  it('is turned upright, put in colour, and its transparency made black', async () => {
    const turned = await quarters(16).withMetadata({ orientation: 6 }).png().toBuffer()
    const upright = await readPicture(await file('turned.png', turned), SHAPE)
    expect(pixelOf(upright, 0)).toEqual([0, 0, 255])
    const grey = await plain(9, 9, '#888').greyscale().jpeg().toBuffer()
    const coloured = await readPicture(await file('grey.jpg', grey), SHAPE)
    expect(pixelOf(coloured, 5)).toEqual(Array(3).fill(pixelOf(coloured, 5)[0]))
    expect(Math.abs(pixelOf(coloured, 5)[0] - 0x88)).toBeLessThan(4)
    const clear = { r: 255, g: 255, b: 255, alpha: 0 }
    const nothing = sharp({ create: { width: 5, height: 5, channels: 4, background: clear } })
    const black = await readPicture(await file('clear.png', await nothing.png().toBuffer()), SHAPE)
    expect([...black]).toEqual(Array(48).fill(0))
  })

  it('may be one row', async () => {
    const row = await file('row.png', await plain(16000, 1).png().toBuffer())
    expect(new Set(await readPicture(row, [3, 224, 224]))).toEqual(new Set([0xc0, 0x40, 0x20]))
  })

  it.each([1, 3, 8.5])('is the same to a few levels where it is %f times larger', async times => {
    const size = Math.round(64 * times)
    const wave = Buffer.from(
      Array.from({ length: size * size }, (_, i) => {
        const [x, y] = [((i % size) + 0.5) / size, (Math.floor(i / size) + 0.5) / size]
        return [
          128 + 90 * Math.sin(6 * x),
          128 + 90 * Math.cos(5 * y),
          128 + 60 * Math.sin(4 * x * y),
        ]
      }).flat(),
    )
    const raw = { width: size, height: size, channels: 3 } as const
    const bytes = await sharp(wave, { raw }).jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
    const path = await file(`wave${times}.jpg`, await bytes.toBuffer())
    const pixels = await readPicture(path, [3, 64, 64])
    for (let i = 0; i < 64 * 64; i++) {
      const [x, y] = [((i % 64) + 0.5) / 64, (Math.floor(i / 64) + 0.5) / 64]
      expect(Math.abs(pixels[i] - (128 + 90 * Math.sin(6 * x)))).toBeLessThan(4)
      expect(Math.abs(pixels[4096 + i] - (128 + 90 * Math.cos(5 * y)))).toBeLessThan(4)
    }
  })

  it('is resized by crop_pct, then cut at the centre', () => {
    expect(centre([3, 224, 224], 0.875)(256, 512)).toEqual({
      left: 144,
      top: 16,
      width: 224,
      height: 224,
    })
    expect(centre([3, 10, 10])(20, 40)).toEqual({ left: 10, top: 0, width: 20, height: 20 })
  })
})

describe('refused', () => {
  const jpeg = (): Promise<Buffer> => quarters(64).jpeg().toBuffer()
  const png = (): Promise<Buffer> => quarters(64).png().toBuffer()
  const patched = (bytes: Buffer, at: number, value: number): Buffer => {
    const copy = Buffer.from(bytes)
    copy.writeUInt32BE(value, at)
    return copy
  }
  const CASES: Readonly<Record<string, () => Promise<Uint8Array | string>>> = {
    'an empty file': async () => '',
    text: async () => 'no picture at all',
    'SVG, which is a program to draw': async () =>
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    GIF: () => plain(9, 9).gif().toBuffer(),
    TIFF: () => plain(9, 9).tiff().toBuffer(),
    'a JPEG cut in the middle': async () => (await jpeg()).subarray(0, -300),
    'a JPEG of two bytes and a marker': async () => Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
    'a JPEG without its end': async () => (await jpeg()).subarray(0, -2),
    'a PNG cut in its header': async () => (await png()).subarray(0, 20),
    'a PNG cut in its data': async () => (await png()).subarray(0, -40),
    'a PNG with a wrong checksum': async () => patched(await png(), 29, 0),
    'a PNG that says it is 4 gigapixels': async () =>
      patched(patched(await png(), 16, 65535), 20, 65535),
    'a PNG without width': async () => patched(await png(), 16, 0),
    'a WebP of nothing': async () => Buffer.from('RIFF\0\0\0\0WEBPVP8 '),
    'a WebP cut': async () => (await quarters(64).webp().toBuffer()).subarray(0, 60),
  }
  it.each(Object.entries(CASES))('%s', async (name, make) => {
    const path = await file(`${name.replace(/\W/g, '-')}.png`, await make())
    const error = await readPicture(path, SHAPE).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(FileError)
    expect((error as FileError).where).toBe(path)
  })

  it.each([
    [4095, 4097, -1],
    [4096, 4096, 0],
    [24929, 673, 1],
  ])('a bomb: %i×%i, %i more than 2²⁴ pixels', async (width, height, more) => {
    expect(width * height - LARGEST.pixels).toBe(more)
    const bytes = await plain(width, height).png().toBuffer()
    expect(bytes.length).toBeLessThan(1e6)
    const reading = readPicture(await file(`${width}.png`, bytes), SHAPE)
    if (more <= 0) await expect(reading).resolves.toHaveLength(48)
    else await expect(reading).rejects.toThrow('pixel limit')
  })

  it.each([-1, 0, 1])('a file by its size: %i bytes more than 50 MB', async more => {
    const path = await file(`large${more}.png`, await plain(9, 9).png().toBuffer())
    await truncate(path, LARGEST.bytes + more)
    const reading = readPicture(path, SHAPE)
    if (more > 0) await expect(reading).rejects.toThrow('50 MB, got 50000001 bytes')
    else await expect(reading).resolves.toHaveLength(48)
  })

  it('a file that is missing, and a folder', async () => {
    await expect(readPicture(join(folder, 'none.png'), SHAPE)).rejects.toThrow('ENOENT')
    await expect(readPicture(folder, SHAPE)).rejects.toThrow(FileError)
  })
})
