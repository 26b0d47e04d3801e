/** Learning rates, number by number: at the edges of epochs, of warm-up, and of patience. */

import { describe, expect, it } from 'vitest'
import { learningRate, type Schedule, type WarmUp } from './schedule.ts'

const STEPS = 4
const EPOCHS = 10

/** The rate at a step, for a base rate of 8. */
const rate = (schedule: Schedule, step: number, losses: number[] = [], warmUp?: WarmUp): number =>
  learningRate(8, schedule, warmUp, { step, stepsPerEpoch: STEPS, epochs: EPOCHS, losses })

describe('the schedule', () => {
  it('constant stays', () => {
    expect([0, 1, 39, 40].map(step => rate({ kind: 'constant' }, step))).toEqual([8, 8, 8, 8])
  })

  it('multi-step falls at the first step of an epoch', () => {
    const schedule = { kind: 'multi-step', at: [0.3, 0.64], factor: 0.5 } as const
    const steps = [0, 11, 12, 23, 24, 39]
    expect(steps.map(step => rate(schedule, step))).toEqual([8, 8, 4, 4, 2, 2])
  })

  it('cosine goes from the base to its end, and stays there', () => {
    const schedule = { kind: 'cosine', end: 0.25 } as const
    const found = [0, 10, 20, 30, 40, 44].map(step => rate(schedule, step))
    // 8 (¼ + ¾ · ½ (1 + cos πt))
    const eighth = 3 * Math.SQRT1_2
    const wanted = [8, 5 + eighth, 5, 5 - eighth, 2, 2]
    for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, 12)
  })

  it('plateau falls after more epochs than its patience without a better loss, so often', () => {
    const schedule = { kind: 'plateau', factor: 0.5, patience: 1, maxDrops: 2 } as const
    const rates = (...losses: number[]): number[] =>
      losses.map((_, i) => rate(schedule, 0, losses.slice(0, i + 1)))
    expect(rates(5, 4, 4, 5, 3.9)).toEqual([8, 8, 8, 4, 4])
    // The wait begins anew after a drop, and with a better loss.
    expect(rates(4, 5, 5, 5, 5, 5, 5)).toEqual([8, 8, 4, 4, 2, 2, 2])
    expect(rates(4, 5, 3, 5, 5)).toEqual([8, 8, 8, 8, 4])
    expect(rate(schedule, 0)).toBe(8)
  })
})

describe('warm-up', () => {
  const constant: Schedule = { kind: 'constant' }
  const rates = (warmUp: WarmUp): number[] =>
    [0, 2, 4, 7, 8, 12].map(step => rate(constant, step, [], warmUp))

  it('rises to the rate', () => {
    expect(rates({ epochs: 2, from: 0.5, flat: false })).toEqual([4, 5, 6, 7.5, 8, 8])
  })

  it('stays where it begins, where it is flat', () => {
    expect(rates({ epochs: 2, from: 0.5, flat: true })).toEqual([4, 4, 4, 4, 8, 8])
  })

  it('is a factor of the schedule', () => {
    const schedule = { kind: 'multi-step', at: [0.1], factor: 0.5 } as const
    expect(rate(schedule, 6, [], { epochs: 2, from: 0.5, flat: true })).toBe(2)
  })
})
