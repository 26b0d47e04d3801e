/** Image files: the part that was asked for, upright, in color; and what is refused. */

import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Malformed, refuses } from '../../../test/support/malformed.ts'
import { FileError } from '../../errors/index.ts'
import { center } from '../image.ts'
import { LIMITS, openImage, readImage } from './openImage.ts'

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

describe('an image', () => {
  it.each(['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff'] as const)(
    'is read from %s',
    async format => {
      const bytes = await plain(30, 20).toFormat(format, { quality: 100 }).toBuffer()
      const pixels = await readImage(await file(`a.${format}`, bytes), SHAPE)
      expect(pixels).toHaveLength(48)
      for (const [c, value] of [0xc0, 0x40, 0x20].entries())
        expect(Math.abs(pixels[c * 16] - value)).toBeLessThan(4)
    },
  )

  it('is planar, and its window fills the shape', async () => {
    const path = await file('quarters.png', await quarters(32).png().toBuffer())
    const whole = await readImage(path, SHAPE)
    expect([0, 3, 12, 15].map(i => pixelOf(whole, i))).toEqual([
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [255, 255, 255],
    ])
    const image = await openImage(path)
    const corner = await image.read({ left: 20, top: 4, width: 8, height: 8 }, SHAPE)
    for (let i = 0; i < 16; i++)
      for (const [c, value] of [0, 255, 0].entries())
        expect(Math.abs(pixelOf(corner, i)[c] - value)).toBeLessThan(4)
  })

  it('is turned upright, put in color, and its transparency made black', async () => {
    const turned = await quarters(16).withMetadata({ orientation: 6 }).png().toBuffer()
    const upright = await readImage(await file('turned.png', turned), SHAPE)
    expect(pixelOf(upright, 0)).toEqual([0, 0, 255])
    const gray = await plain(9, 9, '#888').greyscale().jpeg().toBuffer()
    const colored = await readImage(await file('gray.jpg', gray), SHAPE)
    expect(pixelOf(colored, 5)).toEqual(Array(3).fill(pixelOf(colored, 5)[0]))
    expect(Math.abs(pixelOf(colored, 5)[0] - 0x88)).toBeLessThan(4)
    const clear = { r: 255, g: 255, b: 255, alpha: 0 }
    const nothing = sharp({ create: { width: 5, height: 5, channels: 4, background: clear } })
    const black = await readImage(await file('clear.png', await nothing.png().toBuffer()), SHAPE)
    expect([...black]).toEqual(Array(48).fill(0))
  })

  it('may be one row', async () => {
    const row = await file('row.png', await plain(16000, 1).png().toBuffer())
    expect(new Set(await readImage(row, [3, 224, 224]))).toEqual(new Set([0xc0, 0x40, 0x20]))
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
    const pixels = await readImage(path, [3, 64, 64])
    for (let i = 0; i < 64 * 64; i++) {
      const [x, y] = [((i % 64) + 0.5) / 64, (Math.floor(i / 64) + 0.5) / 64]
      expect(Math.abs(pixels[i] - (128 + 90 * Math.sin(6 * x)))).toBeLessThan(4)
      expect(Math.abs(pixels[4096 + i] - (128 + 90 * Math.cos(5 * y)))).toBeLessThan(4)
    }
  })

  it.each(['jpeg', 'png'] as const)(
    'of 24 megapixels is read, whole and in parts: %s',
    async format => {
      // Red, green, blue and white quarters, as a camera held upright stores them.
      const bytes = await quarters(4)
        .resize(6000, 4000, { kernel: 'nearest', fit: 'fill' })
        .withMetadata({ orientation: 6 })
        .toFormat(format)
        .toBuffer()
      const image = await openImage(bytes)
      expect([image.width, image.height]).toEqual([4000, 6000])
      const whole = await image.read(center(image, SHAPE), SHAPE)
      expect(pixelOf(whole, 0)[2]).toBeGreaterThan(250)
      const corner = { left: 3900.5, top: 5990.25, width: 9.5, height: 9.5 }
      const part = await image.read(corner, SHAPE)
      for (let i = 0; i < 16; i++)
        for (const [c, value] of [0, 255, 0].entries())
          expect(Math.abs(pixelOf(part, i)[c] - value)).toBeLessThan(4)
      image.close?.()
    },
  )

  it('is resized by crop_pct, then cut at the center', () => {
    expect(center({ width: 512, height: 256 }, [3, 224, 224], 0.875)).toEqual({
      left: 144,
      top: 16,
      width: 224,
      height: 224,
    })
    expect(center({ width: 40, height: 20 }, [3, 10, 10])).toEqual({
      left: 10,
      top: 0,
      width: 20,
      height: 20,
    })
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
  const webp = (options = {}): Promise<Buffer> => quarters(64).webp(options).toBuffer()
  const NONE = 'got a file of another kind'

  /** JPEG's segments up to the scan, and the rest. */
  const segmentsOf = (bytes: Buffer): { segments: Buffer[]; scan: Buffer } => {
    const segments: Buffer[] = []
    let at = 2
    for (; bytes[at + 1] !== 0xda; at += 2 + bytes.readUInt16BE(at + 2))
      segments.push(bytes.subarray(at, at + 2 + bytes.readUInt16BE(at + 2)))
    return { segments, scan: bytes.subarray(at) }
  }
  /** A JPEG whose segments of one kind are changed, or left out. */
  const resegmented = async (
    kind: number,
    change?: (segment: Buffer) => Buffer,
  ): Promise<Buffer> => {
    const { segments, scan } = segmentsOf(await jpeg())
    expect(segments.some(segment => segment[1] === kind)).toBe(true)
    const others = segments.flatMap(segment =>
      segment[1] !== kind ? segment : change ? change(Buffer.from(segment)) : [],
    )
    return Buffer.concat([Buffer.of(0xff, 0xd8), ...others, scan])
  }
  const withByte = (at: number, value: number) => (segment: Buffer) => {
    segment[at] = value
    return segment
  }
  const SOF = 0xc0

  const chunk = (type: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data])
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    check.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, check])
  }
  const header = (at: number, ...values: number[]): Buffer => {
    const bytes = Buffer.of(0, 0, 0, 4, 0, 0, 0, 4, 8, 2, 0, 0, 0)
    bytes.set(values, at)
    return chunk('IHDR', bytes)
  }
  /** A PNG of one bit a pixel, all black. */
  const black = (width: number, height: number): Promise<Buffer> => {
    const words = Buffer.alloc(8)
    words.writeUInt32BE(width)
    words.writeUInt32BE(height, 4)
    const rows = deflateSync(Buffer.alloc(height * (1 + Math.ceil(width / 8))))
    return pngOf(header(0, ...words, 1, 0), chunk('IDAT', rows), END)
  }
  const ROWS = deflateSync(Buffer.alloc(4 * 13))
  const END = chunk('IEND', Buffer.of())
  const pngOf = async (...chunks: Buffer[]): Promise<Buffer> =>
    Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks])
  const riff = async (type: string, data: Uint8Array): Promise<Buffer> => {
    const size = (value: number): Buffer => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32LE(value)
      return bytes
    }
    const [total, own] = [size(12 + data.length), size(data.length)]
    return Buffer.concat([Buffer.from('RIFF'), total, Buffer.from(`WEBP${type}`), own, data])
  }

  const RULES: Malformed<() => Promise<Uint8Array>> = {
    'an empty file': [async () => Buffer.of(), 'got an empty file'],
    text: [async () => Buffer.from('no image at all'), NONE],
    'SVG, which is a program to draw': [
      async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      'got a file in SVG. Convert',
    ],
    PDF: [async () => Buffer.from('%PDF-1.7\n'), 'got a file in PDF. Convert'],
    PPM: [async () => Buffer.from('P6\n1 1\n255\n\0\0\0'), NONE],
    HEIC: [
      async () => Buffer.from('\0\0\0\x18ftypheic\0\0\0\0'),
      'got a file in HEIC. Convert such files to JPEG',
    ],
    'RIFF that is sound': [async () => Buffer.from('RIFF\x04\0\0\0WAVE'), NONE],

    'a JPEG cut in the middle': [
      async () => (await jpeg()).subarray(0, -300),
      'premature end of JPEG image',
    ],
    'a JPEG of two bytes and a marker': [
      async () => Buffer.of(0xff, 0xd8, 0xff, 0xe0),
      'premature end of JPEG image',
    ],
    'a JPEG without its end': [
      async () => (await jpeg()).subarray(0, -2),
      'premature end of JPEG image',
    ],
    'a JPEG without a frame': [() => resegmented(SOF), 'SOS before SOF'],
    'a JPEG without quantization tables': [
      () => resegmented(0xdb),
      'Quantization table 0x00 was not defined',
    ],
    'a JPEG without a scan': [
      async () =>
        Buffer.concat([
          Buffer.of(0xff, 0xd8),
          ...segmentsOf(await jpeg()).segments,
          Buffer.of(0xff, 0xd9),
        ]),
      'missing SOS marker',
    ],
    'a JPEG without height': [
      () => resegmented(SOF, segment => withByte(6, 0)(withByte(5, 0)(segment))),
      'Empty JPEG image',
    ],
    'a JPEG without width': [
      () => resegmented(SOF, segment => withByte(8, 0)(withByte(7, 0)(segment))),
      'Empty JPEG image',
    ],
    'a JPEG without components': [() => resegmented(SOF, withByte(9, 0)), 'Empty JPEG image'],
    'a JPEG of five components': [() => resegmented(SOF, withByte(9, 5)), 'Bogus marker length'],
    'a JPEG of three bits': [
      () => resegmented(SOF, withByte(4, 3)),
      'Unsupported JPEG data precision 3',
    ],
    'a JPEG without loss whose scan has some': [
      () => resegmented(SOF, withByte(1, 0xc3)),
      'Invalid progressive/lossless parameters',
    ],
    'a JPEG with sampling of nothing': [
      () => resegmented(SOF, withByte(11, 0)),
      'Bogus sampling factors',
    ],
    'a JPEG with a segment of no length': [
      () => resegmented(0xdb, withByte(3, 0)),
      'Bogus marker length',
    ],
    'a JPEG with a segment beyond its end': [
      () => resegmented(0xdb, withByte(2, 0xff)),
      'Bogus DQT index',
    ],
    'a JPEG with an impossible code table': [
      () => resegmented(0xc4, withByte(5, 0xff)),
      'got a corrupt header; Bogus Huffman table definition',
    ],
    'a JPEG that says it is 4 gigapixels': [
      () =>
        resegmented(SOF, segment =>
          Buffer.concat([segment.subarray(0, 5), Buffer.alloc(4, 0xff), segment.subarray(9)]),
        ),
      'Maximum supported image dimension is 65500',
    ],
    'a JPEG with its end in the middle': [
      async () => {
        const noise = { type: 'gaussian', mean: 128, sigma: 50 } as const
        const create = { width: 99, height: 99, channels: 3, background: '#888', noise } as const
        const bytes = await sharp({ create }).jpeg().toBuffer()
        bytes.set([0xff, 0xd9], bytes.length / 2)
        return bytes
      },
      'premature end of data segment',
    ],

    'a PNG cut in its signature': [async () => (await png()).subarray(0, 7), NONE],
    'a PNG cut in its header': [async () => (await png()).subarray(0, 20), 'a corrupt header'],
    'a PNG cut in its data': [
      async () => (await png()).subarray(0, -40),
      'damaged or incomplete PNG data',
    ],
    'a PNG with a wrong checksum': [async () => patched(await png(), 29, 0), 'IHDR: CRC error'],
    'a PNG that says it is 4 gigapixels': [
      () => pngOf(header(0, 0, 0, 255, 255, 0, 0, 255, 255), chunk('IDAT', ROWS), END),
      'got more than 100 megapixels',
    ],
    'a PNG of 2³¹ columns': [
      () => pngOf(header(0, 0x80), chunk('IDAT', ROWS), END),
      'a corrupt header',
    ],
    'a PNG without width': [
      () => pngOf(header(3, 0), chunk('IDAT', ROWS), END),
      'a corrupt header',
    ],
    'a PNG without height': [
      () => pngOf(header(7, 0), chunk('IDAT', ROWS), END),
      'a corrupt header',
    ],
    'a PNG of three bits': [
      () => pngOf(header(8, 3), chunk('IDAT', ROWS), END),
      'a corrupt header',
    ],
    'a PNG of an unknown color type': [
      () => pngOf(header(9, 5), chunk('IDAT', ROWS), END),
      'a corrupt header',
    ],
    'a PNG of an unknown compression': [
      () => pngOf(header(10, 1), chunk('IDAT', ROWS), END),
      'a corrupt header',
    ],
    'a PNG of an unknown filter': [
      () => pngOf(header(11, 1), chunk('IDAT', ROWS), END),
      'a corrupt header',
    ],
    'a PNG of an unknown interlacing': [
      () => pngOf(header(12, 2), chunk('IDAT', ROWS), END),
      'a corrupt header',
    ],
    'a PNG without a header': [() => pngOf(chunk('IDAT', ROWS), END), 'a corrupt header'],
    'a PNG of two headers': [
      () => pngOf(header(0), header(0), chunk('IDAT', ROWS), END),
      'a corrupt header',
    ],
    'a PNG without data': [() => pngOf(header(0), END), 'a corrupt header'],
    'a PNG of too little data': [
      () => pngOf(header(0), chunk('IDAT', deflateSync(Buffer.alloc(13))), END),
      'damaged or incomplete PNG data',
    ],
    'a PNG of data that are not compressed': [
      () => pngOf(header(0), chunk('IDAT', Buffer.alloc(52)), END),
      'damaged or incomplete PNG data',
    ],
    'a PNG with a row filter that is none': [
      () => pngOf(header(0), chunk('IDAT', deflateSync(Buffer.alloc(52, 9))), END),
      'damaged or incomplete PNG data',
    ],
    'a PNG of palette colors without a palette': [
      () => pngOf(header(9, 3), chunk('IDAT', deflateSync(Buffer.alloc(20))), END),
      'a corrupt header',
    ],
    'a PNG with a chunk beyond its end': [
      async () => patched(await pngOf(header(0), chunk('IDAT', ROWS)), 33, 0x7fffffff),
      'damaged or incomplete PNG data',
    ],
    'a PNG with a critical chunk that nobody knows': [
      () => pngOf(header(0), chunk('ABCD', ROWS), chunk('IDAT', ROWS), END),
      'a corrupt header',
    ],

    'a WebP of nothing': [
      async () => Buffer.from('RIFF\0\0\0\0WEBPVP8 '),
      'damaged or incomplete WebP data',
    ],
    'a WebP cut': [async () => (await webp()).subarray(0, 60), 'damaged or incomplete WebP data'],
    'a WebP cut without loss': [
      async () => (await webp({ lossless: true })).subarray(0, -10),
      'damaged or incomplete WebP data',
    ],
    'a WebP of an unknown kind': [
      () => riff('VP8Q', Buffer.alloc(20)),
      'damaged or incomplete WebP data',
    ],
    'a WebP frame without its start code': [
      () => riff('VP8 ', Buffer.alloc(40)),
      'damaged or incomplete WebP data',
    ],
    'a WebP without loss and signature': [
      () => riff('VP8L', Buffer.alloc(40)),
      'damaged or incomplete WebP data',
    ],
    'a WebP that is larger than itself': [
      async () => patched(Buffer.from(await webp()), 16, 0xffffff7f),
      'damaged or incomplete WebP data',
    ],
    'a WebP canvas without an image': [
      () => riff('VP8X', Buffer.alloc(10)),
      'damaged or incomplete WebP data',
    ],
    'a WebP canvas of 2⁴⁸ pixels': [
      () => riff('VP8X', Buffer.of(0, 0, 0, 0, ...Array(6).fill(255))),
      'damaged or incomplete WebP data',
    ],
  }
  const pathOf = (rule: string): string => join(folder, `${rule.replace(/[^\w]/g, '-')}.png`)
  refuses(
    RULES,
    async (make, rule) => {
      await writeFile(pathOf(rule), await make())
      await readImage(pathOf(rule), SHAPE)
    },
    pathOf,
  )

  it.each([
    [9999, 10001, -1],
    [10000, 10000, 0],
    [17, 5882353, 1],
  ])('a bomb: %i×%i, %i more than 100 megapixels', async (width, height, more) => {
    expect(width * height - LIMITS.pixels).toBe(more)
    const bytes = await black(width, height)
    expect(bytes.length).toBeLessThan(1e6)
    const reading = readImage(bytes, SHAPE)
    if (more <= 0) await expect(reading).resolves.toHaveLength(48)
    else await expect(reading).rejects.toThrow('got more than 100 megapixels')
  })

  it.each([-1, 0, 1])('a file by its size: %i bytes more than 100 MB', async more => {
    const path = await file(`large${more}.png`, await plain(9, 9).png().toBuffer())
    await truncate(path, LIMITS.bytes + more)
    const reading = readImage(path, SHAPE)
    if (more > 0) await expect(reading).rejects.toThrow('100 MB, got 100000001 bytes')
    else await expect(reading).resolves.toHaveLength(48)
  })

  it('a file that is missing, and a folder', async () => {
    await expect(readImage(join(folder, 'none.png'), SHAPE)).rejects.toThrow(
      'no such file; expected',
    )
    await expect(readImage(folder, SHAPE)).rejects.toThrow(FileError)
    await expect(readImage(folder, SHAPE)).rejects.toThrow('got a folder')
    await expect(readImage('/dev/zero', SHAPE)).rejects.toThrow('got no plain file')
    const pipe = join(folder, 'pipe.jpg')
    execFileSync('mkfifo', [pipe])
    await expect(readImage(pipe, SHAPE)).rejects.toThrow('got no plain file')
  })
})
