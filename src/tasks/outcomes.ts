/** What a classifier says of each image of a dataset, and which class is taken for which. */

import type { Dataset } from '../data/dataset.ts'
import type { BatchImages } from '../data/loader.ts'
import type { Tensors } from '../engines/engine.ts'

/** One image, as it was judged. */
export interface Outcome {
  /** Its place in the dataset. */
  readonly index: number
  readonly label: number
  readonly predicted: number
  /** The probability of the class that was predicted, and of the label. */
  readonly confidence: number
  readonly probability: number
}

/** Cross-entropy of a row of logits, how many classes stand above its label, and what is predicted. */
export const judge = (logits: ArrayLike<number>, start: number, classes: number, label: number) => {
  const own = logits[start + label]
  let largest = Number.NEGATIVE_INFINITY
  let predicted = 0
  let above = 0
  for (let k = 0; k < classes; k++) {
    const logit = logits[start + k]
    if (logit > largest) {
      largest = logit
      predicted = k
    }
    // An earlier equal logit would win the argmax; not-a-number counts as a miss.
    if (!(logit < own || (logit === own && k >= label))) above++
  }
  let total = 0
  for (let k = 0; k < classes; k++) total += Math.exp(logits[start + k] - largest)
  return { loss: largest + Math.log(total) - own, above, predicted, confidence: 1 / total }
}

/** Whether the class was told. */
export const isRight = ({ label, predicted }: Outcome): boolean => label === predicted

/** The outcome of an image by its row of logits. */
export const outcomeOf = (
  index: number,
  label: number,
  logits: ArrayLike<number>,
  start: number,
  classes: number,
): Outcome => {
  const { loss, predicted, confidence } = judge(logits, start, classes, label)
  return { index, label, predicted, confidence, probability: Math.exp(-loss) }
}

/** Gathers the outcomes of an evaluation, batch by batch. */
export const gatherOutcomes = ({ labels }: Pick<Dataset, 'labels'>) => {
  const outcomes: Outcome[] = []
  return {
    outcomes: outcomes as readonly Outcome[],
    add: ({ logits: { shape, data } }: Tensors, { indices, count }: BatchImages): void => {
      for (let row = 0; row < count; row++) {
        const index = indices[row]
        outcomes.push(outcomeOf(index, labels[index], data, row * shape[1], shape[1]))
      }
    },
  }
}

/** `counts[label][predicted]`: how many images of one class were taken for another. */
export const confusionOf = (
  outcomes: readonly Outcome[],
  classes: number,
): readonly (readonly number[])[] => {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  for (const { label, predicted } of outcomes) counts[label][predicted]++
  return counts
}
