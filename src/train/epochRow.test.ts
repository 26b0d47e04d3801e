/** Which epoch is the best, and when a training has come to its end. */

import { describe, expect, it } from 'vitest'
import { bestRow, type EpochRow, isFinished } from './epochRow.ts'

/** Rows of these accuracies and losses. */
const rows = (...all: readonly (readonly [top1: number, loss: number])[]): EpochRow[] =>
  all.map(([testTop1, testLoss], i) => ({
    epoch: i + 1,
    learningRate: 0.1,
    seconds: 1,
    trainLoss: 1,
    testTop1,
    testLoss,
  }))

describe('the best epoch', () => {
  it('is right most often, the first of equals', () => {
    const history = rows([0.5, 1], [0.8, 0.9], [0.8, 0.7], [0.7, 0.1])
    expect(bestRow(history)?.epoch).toBe(2)
    expect(bestRow(history, { metric: 'loss', higher: false })?.epoch).toBe(4)
    expect(bestRow([])).toBeUndefined()
  })
  it('of few images, is the last that is within a standard error of the highest', () => {
    const history = rows([0.5, 1], [0.8, 1], [0.75, 1], [0.7, 1])
    const evaluated = (images: number) => history.map(row => ({ ...row, evaluated: images }))
    // √(0.8·0.2/50) = 0.057, √(0.8·0.2/999) = 0.013
    expect(bestRow(evaluated(50))?.epoch).toBe(3)
    expect(bestRow(evaluated(999))?.epoch).toBe(2)
    expect(bestRow(evaluated(10))?.epoch).toBe(4)
    expect(bestRow(evaluated(10).slice(0, 2))?.epoch).toBe(2)
  })
})

describe('a training ends', () => {
  const history = rows([0.8, 1], [0.7, 1], [0.7, 1])
  const recipe = { epochs: 10, stopAfter: 2 }
  it('after all epochs, or after some that brought nothing better', () => {
    expect(isFinished({ recipe: { epochs: 3 } }, history)).toBe(true)
    expect(isFinished({ recipe: { epochs: 4 } }, history)).toBe(false)
    expect(isFinished({ recipe }, history)).toBe(true)
    expect(isFinished({ recipe }, history.slice(0, 2))).toBe(false)
  })
  it('counting from where parameters thawed, or the run was extended', () => {
    expect(isFinished({ recipe, unfreezeAt: 3 }, history)).toBe(false)
    expect(isFinished({ recipe, extended: [{ after: 3 }] }, history)).toBe(false)
  })
})
