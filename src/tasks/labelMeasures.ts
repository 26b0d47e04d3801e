/** How well labels that hold or not are told: average precision, and F1 at the best threshold. */

import type { Dataset } from '../data/dataset.ts'
import type { BatchImages } from '../data/loader.ts'
import type { Tensors } from '../engines/engine.ts'
import { sigmoid } from '../tensor/probabilities.ts'
import { valuesOf } from './values.ts'

/** The logits of every image of an evaluation. */
export interface Scores {
  readonly data: Dataset
  /** The images, in the order that they came in. */
  readonly indices: readonly number[]
  /** Image after image, a number for each label. */
  readonly logits: readonly number[]
}

/** Gathers the scores of an evaluation. */
export const scoresOf = (data: Dataset) => {
  const indices: number[] = []
  const logits: number[] = []
  const { length } = data.classes
  return {
    data,
    indices,
    logits,
    add: ({ logits: { data: numbers } }: Tensors, batch: BatchImages): void => {
      for (let row = 0; row < batch.count; row++) {
        indices.push(batch.indices[row])
        for (let k = 0; k < length; k++) logits.push(numbers[row * length + k])
      }
    },
    /** Takes in what others have gathered. */
    take: (others: readonly number[], theirs: readonly number[]): void => {
      for (const index of others) indices.push(index)
      for (const logit of theirs) logits.push(logit)
    },
  }
}

/** Precision and recall if all from a score on are called so. */
export interface Operating {
  readonly logit: number
  readonly precision: number
  readonly recall: number
}

/** At each score that there is, from the highest; equal ones are one. */
export const operatingPoints = (
  scores: readonly number[],
  truths: readonly boolean[],
): readonly Operating[] => {
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a])
  const total = truths.filter(Boolean).length
  const points: Operating[] = []
  let found = 0
  for (const [i, at] of order.entries()) {
    if (truths[at]) found++
    if (i + 1 < order.length && scores[order[i + 1]] === scores[at]) continue
    points.push({ logit: scores[at], precision: found / (i + 1), recall: found / total })
  }
  return points
}

/** Σ (Rₙ − Rₙ₋₁)·Pₙ over the scores from the highest, equal ones together. */
export const averagePrecision = (points: readonly Operating[]): number =>
  points.reduce(
    (sum, { precision, recall }, i) => sum + (recall - (points[i - 1]?.recall ?? 0)) * precision,
    0,
  )

const harmonic = (precision: number, recall: number): number =>
  precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall)

/** The probability between the score with the best F1 and the next below it; of equals the highest. */
const bestThreshold = (points: readonly Operating[]): number => {
  const f1 = points.map(({ precision, recall }) => harmonic(precision, recall))
  const best = f1.indexOf(Math.max(...f1))
  const own = sigmoid(points[best].logit)
  return (own + sigmoid(points[best + 1]?.logit ?? Number.NEGATIVE_INFINITY)) / 2
}

/** One label. */
export type LabelMeasures = Readonly<
  Record<'count' | 'ap' | 'threshold' | 'precision' | 'recall' | 'f1', number>
>

const measuresOf = (
  points: readonly Operating[],
  count: number,
  given: number | undefined,
): LabelMeasures => {
  if (count === 0) return { count, ap: 0, threshold: given ?? 0.5, precision: 0, recall: 0, f1: 0 }
  const threshold = given ?? bestThreshold(points)
  const at = points.findLast(({ logit }) => sigmoid(logit) >= threshold)
  const { precision = 0, recall = 0 } = at ?? {}
  const f1 = harmonic(precision, recall)
  return { count, ap: averagePrecision(points), threshold, precision, recall, f1 }
}

/**
 * Measures each label, and their means over those that any image has.
 * @param thresholds - the probabilities from which labels hold; those of the best F1 unless given
 */
export const labelMeasures = (
  { data, indices, logits }: Scores,
  thresholds?: readonly number[],
) => {
  const values = valuesOf(data)
  const { length } = data.classes
  const curves = data.classes.map((_, k) =>
    operatingPoints(
      indices.map((_, row) => logits[row * length + k]),
      indices.map(index => values[index][k] > 0.5),
    ),
  )
  const rows = curves.map((points, k) => {
    const count = indices.filter(index => values[index][k] > 0.5).length
    return measuresOf(points, count, thresholds?.[k])
  })
  const seen = rows.filter(({ count }) => count > 0)
  const mean = (name: 'ap' | 'f1'): number =>
    seen.reduce((sum, row) => sum + row[name], 0) / Math.max(seen.length, 1)
  return { curves, rows, mAP: mean('ap'), f1: mean('f1') }
}
