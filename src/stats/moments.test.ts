/** Statistics against their definitions. */

import { describe, expect, it } from 'vitest'
import { classVariances } from '../inspect/excitation.ts'
import { random } from '../random/index.ts'
import { average, largest, moments, rankCorrelation, std } from './moments.ts'

const noise = (count: number, stream: number): number[] =>
  Array.from({ length: count }, (_, i) => random(1).fork(stream).normal(i))

describe('moments', () => {
  it('are those of two passes, far from zero too', () => {
    const values = noise(500, 0).map(value => 1e6 + value)
    const own = moments(2)
    for (const value of values) own.add([value, -2 * value])
    const mean = average(values)
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 499
    expect(own.count()).toBe(500)
    expect(own.mean()[0]).toBeCloseTo(mean, 6)
    expect(own.variance()[0]).toBeCloseTo(variance, 6)
    expect(own.variance()[1]).toBeCloseTo(4 * variance, 5)
  })

  it('of one value have no variance', () => {
    expect(std([3])).toBe(0)
    expect(std([1, 3])).toBeCloseTo(Math.SQRT2, 12)
  })
})

describe('largest', () => {
  it('is the first of equals', () => expect(largest([1, 4, 2, 4])).toBe(1))
})

describe('rankCorrelation', () => {
  it.each([
    ['rising, however bent', [1, 2, 3, 4], [1, 10, 11, 1000], 1],
    ['falling', [1, 2, 3, 4], [9, 3, 2, 1], -1],
    // Ranks 1, 2.5, 2.5, 4, 5 and 2, 1, 3.5, 3.5, 5: 7.25 / 9.5.
    ['with ties', [1, 2, 2, 4, 5], [2, 1, 3, 3, 5], 0.763157894736842],
    ['of a constant', [1, 2, 3], [7, 7, 7], 0],
  ])('%s', (_, a, b, expected) => expect(rankCorrelation(a, b)).toBeCloseTo(expected, 12))
})

describe('classVariances', () => {
  const gathered = (shift: number) =>
    Array.from({ length: 5 }, (_, k) => {
      const own = moments(40)
      for (let i = 0; i < 60; i++)
        own.add(noise(40, 1000 * k + i).map(value => value + (k - 2) * shift))
      return own
    })

  it('find what the classes were made of', () => {
    // Means −2 … 2 have variance 2; noise has 1.
    const { between, within } = classVariances(gathered(1))
    expect(between).toBeCloseTo(2, 1)
    expect(within).toBeCloseTo(1, 1)
  })

  it('find nothing between classes where there is nothing: chance is subtracted', () => {
    expect(classVariances(gathered(0)).between).toBeLessThan(0.002)
  })

  it('are zero for gates that never move', () => {
    const still = [moments(1), moments(1)]
    for (const own of still) for (let i = 0; i < 3; i++) own.add([0.3])
    expect(classVariances(still)).toEqual({ between: 0, within: 0 })
  })
})
