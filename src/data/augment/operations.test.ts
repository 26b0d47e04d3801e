/** What the operations on images do, each by a property that a slip would break. */

import { describe, expect, it } from 'vitest'
import { random } from '../../random/index.ts'
import { adjustBrightness, adjustContrast, adjustSaturation, colorJitter } from './color.ts'
import { erase } from './erase.ts'
import { OPERATIONS, randAugment } from './randAugment.ts'
import { bilinear, resize } from './resize.ts'
import { rotate } from './warp.ts'
import { randomWindow } from './window.ts'

const shape = [3, 12, 10] as const
const PLANE = 120
const draw = random(5)
const image = Uint8Array.from({ length: 3 * PLANE }, (_, i) => draw.below(i, 256))
const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length
const variance = (values: ArrayLike<number>): number =>
  mean(Array.from(values, value => (value - mean(values)) ** 2))

describe('a random window', () => {
  it('lies inside, of the area and ratio that were asked for, anywhere', () => {
    const windows = Array.from({ length: 400 }, (_, i) =>
      randomWindow({ width: 400, height: 300 }, { scale: 0.2 }, random(1).fork(i)),
    )
    for (const { left, top, width, height } of windows) {
      expect(Math.min(left, top, 400 - left - width, 300 - top - height)).toBeGreaterThanOrEqual(
        -1e-9,
      )
      expect((width * height) / 120_000).toBeGreaterThanOrEqual(0.2 - 1e-9)
      expect(Math.abs(Math.log(width / height))).toBeLessThanOrEqual(Math.log(4 / 3) + 1e-9)
    }
    expect(mean(windows.map(({ left, width }) => left + width / 2)) / 400).toBeCloseTo(0.5, 1)
    expect(mean(windows.map(({ width, height }) => width * height)) / 120_000).toBeGreaterThan(0.45)
  })

  it('is the middle of an image that is too long', () => {
    expect(randomWindow({ width: 900, height: 30 }, { scale: 1 }, random(1))).toEqual({
      left: 430,
      top: 0,
      width: 40,
      height: 30,
    })
  })
})

describe('moving', () => {
  it('by nothing changes nothing', () => {
    expect(rotate(image, shape, 0)).toEqual(image)
    expect(bilinear(image, shape)({ left: 0, top: 0, width: 10, height: 12 })).toEqual(image)
  })

  it('by a quarter turns anticlockwise', () => {
    const square = [1, 3, 3] as const
    const numbers = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect([...rotate(numbers, square, 90)]).toEqual([3, 6, 9, 2, 5, 8, 1, 4, 7])
  })

  it('enlarges a quarter to the whole, without going outside', () => {
    const halves = Uint8Array.from({ length: 64 }, (_, i) => (i % 8 < 4 ? 10 : 200))
    const part = { left: 4, top: 4, width: 4, height: 4 }
    const large = bilinear(halves, [1, 8, 8])(part)
    expect([...large.subarray(2, 8)]).toEqual(Array(6).fill(200))
    expect(bilinear(new Uint8Array(64).fill(7), [1, 8, 8])(part)).toEqual(
      new Uint8Array(64).fill(7),
    )
  })

  it('resizes by squares: twice as large, and half', () => {
    const ramp = Uint8Array.of(0, 100, 200, 40)
    const whole = { left: 0, top: 0, width: 4, height: 1 }
    expect([...resize(ramp, [1, 1, 4], whole, [1, 1, 8])]).toEqual([
      0, 25, 75, 125, 175, 160, 80, 40,
    ])
    expect([...resize(ramp, [1, 1, 4], whole, [1, 1, 2])]).toEqual([50, 120])
    const middle = { left: 1, top: 0, width: 2, height: 1 }
    expect([...resize(ramp, [1, 1, 4], middle, [1, 1, 2])]).toEqual([100, 200])
  })
})

describe('colors', () => {
  it('are as they were at a factor of one', () => {
    expect(adjustBrightness(image, 1)).toEqual(image)
    expect(adjustContrast(image, shape, 1)).toEqual(image)
    expect(adjustSaturation(image, shape, 1)).toEqual(image)
  })

  it('vanish at a factor of zero: black, one gray, gray', () => {
    expect(new Set(adjustBrightness(image, 0))).toEqual(new Set([0]))
    expect(new Set(adjustContrast(image, shape, 0)).size).toBe(1)
    const gray = adjustSaturation(image, shape, 0)
    expect(gray.subarray(0, PLANE)).toEqual(gray.subarray(PLANE, 2 * PLANE))
    expect(gray[0]).toBe(
      Math.round(0.299 * image[0] + 0.587 * image[PLANE] + 0.114 * image[2 * PLANE]),
    )
  })

  it('are clamped, not wrapped', () => {
    expect(adjustBrightness(Uint8Array.of(200, 3), 3)).toEqual(Uint8Array.of(255, 9))
  })

  it('jitter with the stream alone', () => {
    expect(colorJitter(image, shape, 0.4, random(3))).toEqual(
      colorJitter(image, shape, 0.4, random(3)),
    )
    expect(colorJitter(image, shape, 0.4, random(3))).not.toEqual(
      colorJitter(image, shape, 0.4, random(4)),
    )
  })
})

describe('RandAugment', () => {
  it.each(Object.entries(OPERATIONS))('%s keeps the size, and its source', (_, operation) => {
    const before = image.slice()
    for (const sign of [-1, 1])
      for (const level of [0, 0.5, 1])
        expect(operation(image, shape, level, sign)).toHaveLength(image.length)
    expect(image).toEqual(before)
  })

  const SAME_AT_ZERO = [
    'identity',
    'rotate',
    'solarize',
    'posterize',
    'color',
    'contrast',
    'brightness',
    'sharpness',
    'shearX',
    'shearY',
    'translateX',
    'translateY',
  ] as const
  it.each(SAME_AT_ZERO)('%s does nothing at magnitude 0, and something at 10', name => {
    expect(OPERATIONS[name](image, shape, 0, 1)).toEqual(image)
    if (name !== 'identity') expect(OPERATIONS[name](image, shape, 1, 1)).not.toEqual(image)
  })

  it('solarizes, posterizes, stretches, equalizes and softens as the words say', () => {
    const one = [1, 1, 4] as const
    const values = Uint8Array.of(50, 100, 150, 200)
    expect([...OPERATIONS.solarize(values, one, 0.5)]).toEqual([50, 100, 105, 55])
    expect([...OPERATIONS.posterize(values, one, 1)]).toEqual([48, 96, 144, 192])
    expect([...OPERATIONS.autoContrast(values, one)]).toEqual([0, 85, 170, 255])
    const dull = Uint8Array.from({ length: 3 * PLANE }, (_, i) => 100 + (i % 7))
    expect(variance(OPERATIONS.equalize(dull, [1, 20, 18]))).toBeGreaterThan(1000)
    expect(variance(OPERATIONS.sharpness(image, shape, 1, -1))).toBeLessThan(variance(image))
    expect(variance(OPERATIONS.sharpness(image, shape, 1, 1))).toBeGreaterThan(variance(image))
  })

  it('draws all of them', () => {
    const seen = new Set<string>()
    for (let i = 0; i < 300; i++)
      seen.add(randAugment(image, shape, { operations: 1, magnitude: 10 }, random(i)).join())
    // Nine of the fourteen go both ways; to equalize takes more pixels than these.
    expect(seen.size).toBe(9 * 2 + 4)
  })
})

describe('erasing', () => {
  const share = (seed: number, probability: number): number => {
    const target = new Float32Array(2 + 3 * 900).fill(1)
    erase(target, 2, [3, 30, 30], { probability }, random(seed))
    expect([...target.subarray(0, 2)]).toEqual([1, 1])
    const erased = target.subarray(2).map(value => 1 - value)
    expect(mean(erased.subarray(0, 900))).toBe(mean(erased.subarray(900, 1800)))
    return mean(erased)
  }
  it('takes 2 to 33 % of the image, as often as asked', () => {
    const shares = Array.from({ length: 200 }, (_, i) => share(i, 0.5))
    const erased = shares.filter(value => value > 0)
    expect(erased.length / 200).toBeCloseTo(0.5, 0)
    expect(Math.min(...erased)).toBeGreaterThan(0.01)
    expect(Math.max(...erased)).toBeLessThan(0.36)
    expect(share(0, 1e-9)).toBe(0)
  })
})
