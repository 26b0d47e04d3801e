/** IDX files: what is read, and how each damage is named. */

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ExciteError, FileError } from '../../errors/index.ts'
import { readIdx } from './idx.ts'

const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6)
const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9)

it('reads dimensions and data', () => {
  expect(readIdx(images, 'images', 3)).toEqual({
    dims: [2, 1, 3],
    data: Uint8Array.of(1, 2, 3, 4, 5, 6),
  })
  expect(readIdx(labels, 'labels', 1)).toEqual({ dims: [2], data: Uint8Array.of(7, 9) })
})

it('reads from the middle of a larger buffer', () => {
  const larger = Buffer.concat([Buffer.alloc(3, 0xff), labels, Buffer.alloc(3, 0xff)])
  expect([...readIdx(larger.subarray(3, 3 + labels.length), 'labels', 1).data]).toEqual([7, 9])
})

it('reads a file of nothing', () => {
  expect(readIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 0), 'none', 1).data).toHaveLength(0)
})

const changed = (offset: number, ...bytes: number[]): Uint8Array => {
  const copy = Uint8Array.from(images)
  copy.set(bytes, offset)
  return copy
}

const DAMAGED: Readonly<Record<string, readonly [bytes: Uint8Array, message: string]>> = {
  nothing: [Uint8Array.of(), 'a header of 16 bytes, got 0 bytes'],
  'half a header': [images.subarray(0, 15), 'a header of 16 bytes, got 15 bytes'],
  'another first byte': [changed(0, 31, 139), 'two zero bytes at offset 0 (an IDX file), got 0x1f'],
  'another second byte': [changed(1, 5), 'two zero bytes at offset 0 (an IDX file), got 0x00 0x05'],
  'floats instead of bytes': [changed(2, 13), 'type 0x08 (unsigned bytes) at offset 2, got 0x0d'],
  'labels instead of images': [changed(3, 1), '3 dimensions at offset 3, got 1'],
  'one byte less': [images.subarray(0, -1), '6 bytes of data for [2, 1, 3], got 5'],
  'one byte more': [Uint8Array.of(...images, 0), '6 bytes of data for [2, 1, 3], got 7'],
  'dimensions beyond any memory': [
    changed(4, 255, 255, 255, 255),
    '12884901885 bytes of data for [4294967295, 1, 3], got 6',
  ],
}

for (const [name, [bytes, message]] of Object.entries(DAMAGED))
  it(`refuses ${name}`, () => {
    const read = () => readIdx(bytes, 'folder/images', 3)
    expect(read).toThrow(FileError)
    expect(read).toThrow(`folder/images: expected ${message}`)
  })

it('reads any bytes or refuses them as Excite does', () => {
  const header = fc.constantFrom(0, 1, 8, 3, 255)
  fc.assert(
    fc.property(fc.array(header, { maxLength: 24 }), fc.constantFrom(1, 3), (bytes, rank) => {
      try {
        const { dims, data } = readIdx(Uint8Array.from(bytes), 'fuzz', rank)
        expect(dims.reduce((product, dimension) => product * dimension, 1)).toBe(data.length)
      } catch (error) {
        if (!(error instanceof ExciteError)) throw error
      }
    }),
    { seed: 1, numRuns: 500 },
  )
})
