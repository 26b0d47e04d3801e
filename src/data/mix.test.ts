/** Mixing and the order of an epoch. */

import { describe, expect, it } from 'vitest'
import { random } from '../random/index.ts'
import { beta, mix } from './mix.ts'
import { epochOrder } from './sampling.ts'

describe('Beta(α, α)', () => {
  it.each([0.02, 0.2, 0.5, 1])('for α = %f has its mean and variance', alpha => {
    const values = Array.from({ length: 4000 }, (_, i) => beta(alpha, random(i)))
    expect(values.every(value => value >= 0 && value <= 1)).toBe(true)
    const mean = values.reduce((sum, value) => sum + value, 0) / 4000
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4000
    expect(mean).toBeCloseTo(0.5, 1)
    expect(variance).toBeCloseTo(1 / (4 * (2 * alpha + 1)), 2)
  })
})

describe('mixing', () => {
  const shape = [2, 8, 6] as const
  const SIZE = 96
  const indices = Uint32Array.of(0, 1, 2, 3, 4)
  /** Image k is k all over. */
  const batch = (): Float32Array =>
    Float32Array.from({ length: 5 * SIZE }, (_, i) => Math.floor(i / SIZE))

  it('does nothing unasked', () => {
    const images = batch()
    expect(mix(images, indices, shape, {}, random(0))).toBeUndefined()
    expect(images).toEqual(batch())
  })

  it('blends first with last by the share of the targets', () => {
    const images = batch()
    const mixed = mix(images, indices, shape, { mixup: 1 }, random(2))
    const share = mixed?.share ?? Number.NaN
    expect([...(mixed?.partners ?? [])]).toEqual([4, 3, 2, 1, 0])
    for (let k = 0; k < 5; k++)
      expect(images[k * SIZE + 7]).toBeCloseTo(share * k + (1 - share) * (4 - k), 5)
  })

  it('cuts rectangles of just the share that the targets lose', () => {
    for (let seed = 0; seed < 30; seed++) {
      const images = batch()
      const share = mix(images, indices, shape, { cutmix: 1 }, random(seed))?.share ?? Number.NaN
      for (const k of [0, 1, 3, 4]) {
        const own = images.subarray(k * SIZE, (k + 1) * SIZE)
        expect(own.filter(value => value === k).length / SIZE).toBeCloseTo(share, 6)
        expect(own.every(value => value === k || value === 4 - k)).toBe(true)
      }
      expect(images.subarray(2 * SIZE, 3 * SIZE).every(value => value === 2)).toBe(true)
    }
  })

  it('takes turns where both are asked for', () => {
    const cut = Array.from({ length: 40 }, (_, seed) => {
      const images = batch()
      mix(images, indices, shape, { mixup: 1, cutmix: 1 }, random(seed))
      return images.every(Number.isInteger)
    })
    expect(new Set(cut).size).toBe(2)
  })
})

describe('the order of an epoch', () => {
  const labels = Int32Array.from({ length: 90 }, (_, i) => (i < 3 ? 0 : i < 30 ? 1 : 3))

  it('balanced, has every class equally often, in every stretch', () => {
    const order = epochOrder(random(1), labels, 'balanced')
    expect(order).toHaveLength(90)
    for (let i = 0; i < 90; i += 3)
      expect(new Set(Array.from(order.subarray(i, i + 3), index => labels[index])).size).toBe(3)
    const rare = Array.from(order).filter(index => labels[index] === 0)
    for (const index of [0, 1, 2]) expect(rare.filter(one => one === index)).toHaveLength(10)
    const common = Array.from(order).filter(index => labels[index] === 3)
    expect(new Set(common).size).toBe(30)
  })

  it('is a function of the stream', () => {
    const balanced = (seed: number) => epochOrder(random(seed), labels, 'balanced')
    expect(balanced(1)).toEqual(balanced(1))
    expect(balanced(1)).not.toEqual(balanced(2))
    expect(new Set(epochOrder(random(1), labels)).size).toBe(90)
  })
})
