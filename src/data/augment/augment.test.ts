/** Augmentation against its definition, written out as plain loops. */

import { describe, expect, it } from 'vitest'
import { random } from '../../random/index.ts'
import type { ImageShape } from '../image.ts'
import type { Normalization } from '../normalization.ts'
import { type Augmentation, augment, normalized } from './augment.ts'

const shape: ImageShape = [2, 5, 6]
const [channels, height, width] = shape
const SIZE = channels * height * width
/** Every pixel differs from every other, and none is the padding. */
const pixels = Uint8Array.from({ length: SIZE }, (_, i) => 1 + 4 * i)
const normalization: Normalization = { mean: [0.5, 0.25], std: [0.25, 0.5] }
const plain: Normalization = { mean: [0, 0], std: [1 / 255, 1 / 255] }

const source = random(1)

/** The image that stream `index` makes. */
const made = (augmentation: Augmentation, index: number, scale = plain): Float32Array => {
  const target = new Float32Array(SIZE)
  augment(pixels, shape, augmentation, scale, source.fork(index), target, 0)
  return target
}

/** An image from a function of the place. */
const drawn = (at: (channel: number, y: number, x: number) => number): Float32Array =>
  Float32Array.from({ length: SIZE }, (_, i) =>
    at(Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width),
  )

const pixel = (channel: number, y: number, x: number): number =>
  y >= 0 && y < height && x >= 0 && x < width ? pixels[(channel * height + y) * width + x] : 0

/** How often each of the candidates is made by the first streams; all that is made must be one. */
const tally = (augmentation: Augmentation, candidates: readonly Float32Array[], count: number) => {
  const times = new Map(candidates.map(candidate => [candidate.join(), 0]))
  for (let index = 0; index < count; index++) {
    const key = made(augmentation, index).join()
    expect(times.has(key), `image of stream ${index}`).toBe(true)
    times.set(key, (times.get(key) ?? 0) + 1)
  }
  return [...times.values()]
}

const range = (low: number, high: number): number[] =>
  Array.from({ length: high - low + 1 }, (_, i) => low + i)

const crops = (padding: number, mirrored: boolean): Float32Array[] =>
  range(-padding, padding).flatMap(top =>
    range(-padding, padding).map(left =>
      drawn((channel, y, x) => pixel(channel, y + top, (mirrored ? width - 1 - x : x) + left)),
    ),
  )

describe('normalization', () => {
  const expected = drawn(
    (channel, y, x) =>
      (pixel(channel, y, x) / 255 - normalization.mean[channel]) / normalization.std[channel],
  )

  it('subtracts the mean and divides by the std of each channel', () => {
    for (const [i, value] of normalized(pixels, shape, normalization).entries())
      expect(value).toBeCloseTo(expected[i], 5)
  })

  it('is all that happens to an image without augmentation', () => {
    expect(made({}, 0, normalization)).toEqual(normalized(pixels, shape, normalization))
    expect(made({ flip: false }, 1)).toEqual(drawn(pixel))
  })

  it('comes after the padding with zeros', () => {
    const value = made({ crop: { padding: 100 } }, 0, normalization)
    expect(value).toEqual(drawn(channel => [-2, -0.5][channel]))
  })
})

it('flip mirrors half of the images, left and right', () => {
  const mirrored = drawn((channel, y, x) => pixel(channel, y, width - 1 - x))
  const [straight, flipped] = tally({ flip: true }, [drawn(pixel), mirrored], 400)
  expect(straight + flipped).toBe(400)
  expect(Math.abs(straight - flipped)).toBeLessThan(80)
})

it.each([1, 2])(
  'crop takes every window of the padded image equally often, padding %i',
  padding => {
    const expected = 40
    const windows = crops(padding, false)
    const times = tally({ crop: { padding } }, windows, expected * windows.length)
    for (const count of times)
      expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected))
  },
)

it('crop and flip go together in every combination', () => {
  const expected = 40
  const both = [...crops(1, false), ...crops(1, true)]
  const times = tally({ crop: { padding: 1 }, flip: true }, both, expected * both.length)
  for (const count of times)
    expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected))
})

it.each([1, 2, 3, 4])('cutout puts a square of %i about every pixel equally often', size => {
  const expected = 40
  const reach = Math.floor(size / 2)
  const covered = (at: number, center: number): boolean =>
    at >= center - reach && at < center - reach + size
  const squares = range(0, height - 1).flatMap(cy =>
    range(0, width - 1).map(cx =>
      drawn((channel, y, x) => (covered(y, cy) && covered(x, cx) ? 0 : pixel(channel, y, x))),
    ),
  )
  const times = tally({ cutout: { size } }, squares, expected * squares.length)
  for (const count of times)
    expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected))
})

it('cutout writes zeros after normalization', () => {
  expect(made({ cutout: { size: 20 } }, 0, normalization)).toEqual(new Float32Array(SIZE))
})

const ALL: Augmentation = { crop: { padding: 3 }, flip: true, cutout: { size: 3 } }

it('cutout does not depend on the crop', () => {
  const expected = 40
  const pairs = 9 * height * width
  const times = new Map<string, number>()
  for (let index = 0; index < expected * pairs; index++) {
    const pair = [
      made({ crop: { padding: 1 } }, index),
      made({ cutout: { size: 1 } }, index),
    ].join()
    times.set(pair, (times.get(pair) ?? 0) + 1)
  }
  expect(times.size).toBe(pairs)
  for (const count of times.values())
    expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected))
})

it('the same stream gives the same image, another stream another one', () => {
  expect(made(ALL, 3)).toEqual(made(ALL, 3))
  expect(new Set(range(0, 19).map(index => made(ALL, index).join())).size).toBeGreaterThan(18)
})

it('adding cutout leaves the crop and the mirror as they were', () => {
  const { cutout: _, ...moved } = ALL
  for (const index of range(0, 19)) {
    const [whole, cut] = [made(moved, index), made(ALL, index)]
    expect(cut.every((value, i) => value === 0 || value === whole[i])).toBe(true)
  }
})

it('writes at its place in the batch only, and leaves the image as it was', () => {
  const before = Uint8Array.from(pixels)
  const target = new Float32Array(3 * SIZE).fill(7)
  augment(pixels, shape, ALL, plain, source.fork(0), target, SIZE)
  expect(target.subarray(SIZE, 2 * SIZE)).toEqual(made(ALL, 0))
  expect(target.subarray(0, SIZE).every(value => value === 7)).toBe(true)
  expect(target.subarray(2 * SIZE).every(value => value === 7)).toBe(true)
  expect(pixels).toEqual(before)
})
