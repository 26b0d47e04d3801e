/** The kernel: what its text says, and the formulas in double precision. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { assembled } from '../../../scripts/assemble.ts'
import type { Window } from '../image.ts'
import { KERNEL } from './kernel.wasm.ts'
import { normalize } from './normalize.ts'
import { pixelPlace, resample } from './resample.ts'

it('is its text, assembled', async () => {
  expect(KERNEL).toBe(await assembled('data/kernel/kernel'))
})

const noise = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (Math.imul(i + 1, 2654435761 + 2 * seed) >>> 7) & 255)

/** What each sample counts for in the i-th of so many pixels: a triangle over all it covers. */
const weightsOf = (start: number, size: number, length: number, target: number, i: number) => {
  const scale = size / target
  const reach = Math.max(scale, 1)
  const center = start + (i + 0.5) * scale
  const weights = Array.from({ length }, (_, at) =>
    Math.max(0, 1 - Math.abs(at + 0.5 - center) / reach),
  )
  const sum = weights.reduce((a, b) => a + b, 0)
  return weights.map(weight => weight / sum)
}

interface Image {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
}
const resampled = (image: Image, part: Window, size: readonly [number, number]) => {
  pixelPlace(image).set(image.data)
  return resample(image, part, size)
}

const expected = ({ data, width, height }: Image, part: Window, tall: number, wide: number) => {
  const result: number[] = []
  for (let c = 0; c < 3; c++)
    for (let y = 0; y < tall; y++) {
      const down = weightsOf(part.top, part.height, height, tall, y)
      for (let x = 0; x < wide; x++) {
        const across = weightsOf(part.left, part.width, width, wide, x)
        let sum = 0
        for (const [j, v] of down.entries())
          for (const [i, u] of across.entries()) sum += v * u * data[3 * (j * width + i) + c]
        result.push(sum)
      }
    }
  return result
}

describe('resample', () => {
  const side = fc.integer({ min: 1, max: 23 })
  const share = fc.double({ min: 0, max: 1, noNaN: true })

  it('is the formula, for any part of any image', () => {
    fc.assert(
      fc.property(side, side, side, side, fc.tuple(share, share, share, share), (...drawn) => {
        const [width, height, tall, wide, [a, b, c, d]] = drawn
        const image = { data: noise(3 * width * height, width), width, height }
        const part = { width: width * (0.05 + 0.95 * a), height: height * (0.05 + 0.95 * b) }
        const window = { ...part, left: c * (width - part.width), top: d * (height - part.height) }
        const found = resampled(image, window, [tall, wide])
        for (const [i, value] of expected(image, window, tall, wide).entries())
          expect(Math.abs(found[i] - value)).toBeLessThan(0.501)
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  it('changes nothing where nothing is to change, and forgets what it did before', () => {
    const [width, height] = [19, 11]
    const data = noise(3 * width * height, 1)
    const whole = { left: 0, top: 0, width, height }
    resampled(
      { data: noise(3 * 90 * 90, 2), width: 90, height: 90 },
      { ...whole, width: 90 },
      [8, 8],
    )
    const found = resampled({ data, width, height }, whole, [height, width])
    const plane = width * height
    for (let i = 0; i < plane; i++)
      expect([found[i], found[plane + i], found[2 * plane + i]]).toEqual([
        ...data.subarray(3 * i, 3 * i + 3),
      ])
  })
})

describe('normalize', () => {
  it('is (pixel / 255 − mean) / std, rounded once, wherever the image is moved', () => {
    const shift = fc.integer({ min: -9, max: 9 })
    const side = fc.integer({ min: 1, max: 9 })
    fc.assert(
      fc.property(side, side, shift, shift, fc.boolean(), (height, width, top, left, mirrored) => {
        const pixels = noise(2 * height * width, height)
        const [mean, std] = [
          [0.3, 0.6],
          [0.2, 0.5],
        ]
        const target = new Float32Array(pixels.length + 2).fill(7)
        const movement = { top, left, mirrored }
        normalize(pixels, [2, height, width], movement, { mean, std }, target, 1)
        for (const [i, value] of target.subarray(1, -1).entries()) {
          const [c, y, x] = [
            Math.floor(i / height / width),
            Math.floor(i / width) % height,
            i % width,
          ]
          const row = y + top
          const column = (mirrored ? width - 1 - x : x) + left
          const inside = row >= 0 && row < height && column >= 0 && column < width
          const pixel = inside ? pixels[(c * height + row) * width + column] : 0
          const scale = 1 / (255 * std[c])
          expect(value).toBe(Math.fround(pixel * scale + -mean[c] / std[c]))
        }
        expect([target[0], target.at(-1)]).toEqual([7, 7])
      }),
      { seed: 1, numRuns: 300 },
    )
  })
})
