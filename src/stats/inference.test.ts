/** The statistics against printed tables and values computed elsewhere. */

import { describe, expect, it } from 'vitest'
import {
  estimate,
  holm,
  pairedDifference,
  proportionInterval,
  studentQuantile,
  studentWithin,
} from './inference.ts'
import { std } from './moments.ts'

describe("Student's t", () => {
  // The two-sided 95 % and 99 % columns of any printed table.
  it.each([
    [1, 12.706, 63.657],
    [2, 4.303, 9.925],
    [3, 3.182, 5.841],
    [4, 2.776, 4.604],
    [5, 2.571, 4.032],
    [9, 2.262, 3.25],
    [10, 2.228, 3.169],
    [29, 2.045, 2.756],
    [30, 2.042, 2.75],
    [120, 1.98, 2.617],
  ])('with %d degrees of freedom', (degreesOfFreedom, at95, at99) => {
    expect(studentQuantile(0.95, degreesOfFreedom)).toBeCloseTo(at95, 3)
    expect(studentQuantile(0.99, degreesOfFreedom)).toBeCloseTo(at99, 3)
    expect(studentWithin(studentQuantile(0.7, degreesOfFreedom), degreesOfFreedom)).toBeCloseTo(
      0.7,
      10,
    )
  })

  it('is Cauchy with one degree of degreesOfFreedom, and has a closed form with two', () => {
    expect(studentWithin(1, 1)).toBeCloseTo(0.5, 12)
    expect(studentWithin(-1, 1)).toBeCloseTo(0.5, 12)
    for (const t of [0, 0.3, 1, 5, 1e3])
      expect(studentWithin(t, 2)).toBeCloseTo(t / Math.sqrt(2 + t * t), 12)
  })
})

describe('estimates', () => {
  it('of the numbers 1 to 5', () => {
    const { mean, std, halfWidth } = estimate([1, 2, 3, 4, 5])
    expect(mean).toBe(3)
    expect(std).toBeCloseTo(1.5811388, 7)
    expect(halfWidth).toBeCloseTo(1.9632432, 6)
  })

  it('of one have no interval', () => {
    expect(estimate([7])).toEqual({ mean: 7, count: 1 })
    expect(pairedDifference([7], [5])).toEqual({ mean: 2, count: 1 })
  })

  it('of none are refused', () => {
    expect(() => estimate([])).toThrow('at least one')
  })

  it('believe no std finer than the resolution of what was measured', () => {
    expect(estimate([4, 4, 4]).halfWidth).toBe(0)
    expect(estimate([4, 4, 4], 0.1).std).toBeCloseTo(0.1 / Math.sqrt(12), 12)
    expect(pairedDifference([4, 4], [3.9, 3.9], 0.1).p).toBeGreaterThan(0.05)
    expect(pairedDifference([4, 4], [4, 4]).p).toBe(1)
  })
})

describe('paired differences', () => {
  it("of Student's own sleep data", () => {
    // Student, The probable error of a mean, Biometrika 6 (1908): t = −4.0621, p = 0.00283 in R.
    const first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2]
    const second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    const { mean, halfWidth = 0, p } = pairedDifference(first, second)
    expect(mean).toBeCloseTo(-1.58, 10)
    expect(mean - halfWidth).toBeCloseTo(-2.4598858, 6)
    expect(mean + halfWidth).toBeCloseTo(-0.7001142, 6)
    expect(p).toBeCloseTo(0.00283289, 7)
  })

  it('are sharper than what each of the two says alone', () => {
    const [a, b] = [
      [10, 12, 14],
      [11.1, 13, 14.9],
    ]
    expect(std(a)).toBeGreaterThan(1)
    expect(pairedDifference(b, a).p).toBeLessThan(0.01)
  })
})

describe("Holm's correction", () => {
  it('multiplies by how many are left, and never falls', () => {
    const found = holm([0.01, 0.04, 0.03, 0.005])
    for (const [i, wanted] of [0.03, 0.06, 0.06, 0.02].entries())
      expect(found[i]).toBeCloseTo(wanted, 12)
  })

  it('leaves one alone, and stays within 1', () => {
    expect(holm([0.03])).toEqual([0.03])
    expect(holm([0.7, 0.9])).toEqual([1, 1])
    expect(holm([])).toEqual([])
  })
})

describe('the interval of a share', () => {
  it.each([
    [6, 15, 0.1982, 0.6425],
    [0, 10, 0, 0.2775],
    [10, 10, 0.7225, 1],
    [81, 263, 0.2553, 0.3662], // Newcombe, Statistics in Medicine 17, 1998, Table I
    [15, 148, 0.0624, 0.1605],
  ])('%i of %i', (hits, count, low, high) => {
    const [from, to] = proportionInterval(hits, count)
    expect(from).toBeCloseTo(low, 4)
    expect(to).toBeCloseTo(high, 4)
  })
})
