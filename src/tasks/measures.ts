/** How a classifier does class by class, and whether it is as often right as it says. */

import type { Outcome } from './outcomes.ts'

/** One class. What nobody predicted, or nobody asked for, has measures of 0. */
export interface ClassMeasures {
  /** Images of the class. */
  readonly count: number
  /** Of these, the share that was predicted so: recall. */
  readonly top1: number
  /** Of those that were predicted so, the share that was of the class. */
  readonly precision: number
  /** The harmonic mean of precision and recall. */
  readonly f1: number
}

const share = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole)

/** Measures of each class, in their order, from counts by label and prediction. */
export const classMeasures = (
  confusion: readonly (readonly number[])[],
): readonly ClassMeasures[] =>
  confusion.map((row, k) => {
    const count = row.reduce((sum, value) => sum + value, 0)
    const predicted = confusion.reduce((sum, other) => sum + other[k], 0)
    const right = row[k]
    const f1 = share(2 * right, count + predicted)
    return { count, top1: share(right, count), precision: share(right, predicted), f1 }
  })

/** Images whose predictions were about as sure. */
export interface Bin {
  readonly count: number
  /** How sure they were, and how many of them were right: means. */
  readonly confidence: number
  readonly accuracy: number
}

/** As Guo et al. have it: On Calibration of Modern Neural Networks, arXiv:1706.04599. */
const BINS = 15

export interface Calibration {
  /** Those that hold images, by their confidence. */
  readonly bins: readonly Bin[]
  /** The expected calibration error: Σ n/N · |accuracy − confidence|. */
  readonly error: number
  /** How much surer than right, on average: negative where the network is too modest. */
  readonly surplus: number
}

export const calibrationOf = (outcomes: readonly Outcome[]): Calibration => {
  const sums = Array.from({ length: BINS }, () => ({ count: 0, confidence: 0, right: 0 }))
  for (const { label, predicted, confidence } of outcomes) {
    const sum = sums[Math.min(Math.floor(confidence * BINS), BINS - 1)]
    sum.count++
    sum.confidence += confidence
    sum.right += Number(label === predicted)
  }
  const bins = sums
    .filter(({ count }) => count > 0)
    .map(({ count, confidence, right }) => ({
      count,
      confidence: confidence / count,
      accuracy: right / count,
    }))
  const mean = (value: (bin: Bin) => number): number =>
    bins.reduce((sum, bin) => sum + bin.count * value(bin), 0) / outcomes.length
  return {
    bins,
    error: mean(({ accuracy, confidence }) => Math.abs(accuracy - confidence)),
    surplus: mean(({ accuracy, confidence }) => confidence - accuracy),
  }
}
