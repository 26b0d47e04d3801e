/** Measures of a classifier, against numbers done by hand. */

import { describe, expect, it } from 'vitest'
import { calibrationOf, classMeasures } from './measures.ts'
import { confusionOf, gatherOutcomes, type Outcome } from './outcomes.ts'

const outcome = (label: number, predicted: number, confidence = 0.9): Outcome => ({
  index: 0,
  label,
  predicted,
  confidence,
  probability: label === predicted ? confidence : 1 - confidence,
})

it('outcomes are those of a softmax, and what fills up a batch is none', () => {
  const { outcomes, add } = gatherOutcomes({ labels: Int32Array.of(2, 0, 1) })
  const logits = { shape: [3, 3], data: Float32Array.of(0, 0, Math.log(2), 5, 5, 5, 9, 9, 9) }
  const batch = { indices: Uint32Array.of(0, 2, 0), count: 2, images: new Float32Array() }
  add({ logits }, batch)
  expect(outcomes).toEqual([
    {
      index: 0,
      label: 2,
      predicted: 2,
      confidence: expect.closeTo(0.5, 6),
      probability: expect.closeTo(0.5, 6),
    },
    {
      index: 2,
      label: 1,
      predicted: 0,
      confidence: expect.closeTo(1 / 3, 6),
      probability: expect.closeTo(1 / 3, 6),
    },
  ])
})

describe('measures of classes', () => {
  it('are recall, precision and F1', () => {
    const confusion = confusionOf(
      [outcome(0, 0), outcome(0, 0), outcome(0, 1), outcome(1, 1), outcome(1, 0), outcome(1, 0)],
      3,
    )
    expect(confusion).toEqual([
      [2, 1, 0],
      [2, 1, 0],
      [0, 0, 0],
    ])
    const [a, b, c] = classMeasures(confusion)
    expect(a).toEqual({ count: 3, top1: 2 / 3, precision: 1 / 2, f1: 4 / 7 })
    expect(b).toEqual({ count: 3, top1: 1 / 3, precision: 1 / 2, f1: 2 / 5 })
    expect(c).toEqual({ count: 0, top1: 0, precision: 0, f1: 0 })
  })
})

describe('calibration', () => {
  it('is off by the distance of confidence and accuracy, weighed by images', () => {
    // Three quarters right at 0.75; none of two right at 0.4.
    const sure = [1, 1, 1, 0].map(predicted => outcome(1, predicted, 0.75))
    const unsure = [outcome(0, 1, 0.4), outcome(0, 1, 0.4)]
    const { error, surplus, bins } = calibrationOf([...sure, ...unsure])
    expect(bins.map(({ count }) => count)).toEqual([2, 4])
    expect(error).toBeCloseTo((2 / 6) * 0.4, 12)
    expect(surplus).toBeCloseTo((2 / 6) * 0.4, 12)
    expect(calibrationOf(sure).error).toBeCloseTo(0, 12)
  })

  it('has a bin for what is certain', () => {
    expect(calibrationOf([outcome(1, 1, 1)])).toEqual({
      bins: [{ count: 1, confidence: 1, accuracy: 1 }],
      error: 0,
      surplus: 0,
    })
  })
})
