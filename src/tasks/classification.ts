/** Classification: one label an image, or two that share it where images are mixed. */

import type { Dataset } from '../data/dataset.ts'
import type { Batch } from '../data/loader.ts'
import type { Tensors } from '../engines/engine.ts'
import { input, type Value } from '../graph/index.ts'
import { add, mul, sub } from '../ops/index.ts'
import { crossEntropy } from './crossEntropy.ts'
import { means } from './means.ts'
import type { Accumulator, Task } from './task.ts'

/** What a classification is told of its targets. */
export interface ClassificationOptions {
  /** The share of the target that goes to all classes alike. */
  readonly labelSmoothing?: number | undefined
  /** Whether images are mixed: a target is then `share` of its label and the rest of its partner's. */
  readonly mixed?: boolean | undefined
}

export type ClassificationMetrics = {
  /** Mean cross-entropy, without label smoothing. */
  readonly loss: number
  /** Fractions of images whose label has the largest logit, or one of the five largest. */
  readonly top1: number
  readonly top5: number
}

type Labels = Pick<Dataset, 'labels'>

/** Cross-entropy of an image's logits, and how many classes stand above its own. */
const judge = (logits: ArrayLike<number>, start: number, classes: number, label: number) => {
  const own = logits[start + label]
  let largest = Number.NEGATIVE_INFINITY
  let above = 0
  for (let k = 0; k < classes; k++) {
    const logit = logits[start + k]
    if (logit > largest) largest = logit
    // An earlier equal logit would win the argmax; not-a-number counts as a miss.
    if (!(logit < own || (logit === own && k >= label))) above++
  }
  let total = 0
  for (let k = 0; k < classes; k++) total += Math.exp(logits[start + k] - largest)
  return { loss: largest + Math.log(total) - own, above }
}

const judgeRow = ({ logits: { shape, data } }: Tensors, row: number, label: number) =>
  judge(data, row * shape[1], shape[1], label)

const accuracy = ({ labels }: Labels): Accumulator<ClassificationMetrics> =>
  means(['loss', 'top1', 'top5'], (outputs, row, index) => {
    const { loss, above } = judgeRow(outputs, row, labels[index])
    return { loss, top1: Number(above < 1), top5: Number(above < 5) }
  })

/** The task of telling classes apart, by cross-entropy. */
export const classification = ({
  labelSmoothing = 0,
  mixed = false,
}: ClassificationOptions = {}): Task<Dataset, ClassificationMetrics> => {
  const labelsOf = ({ labels }: Labels, indices: Uint32Array) => ({
    shape: [indices.length],
    data: Int32Array.from(indices, index => labels[index]),
  })
  return {
    name: 'classification',
    output: 'logits',
    targets: batch => ({
      labels: input('labels', [batch], 'int32'),
      ...(mixed
        ? { partners: input('partners', [batch], 'int32'), share: input('share', []) }
        : {}),
    }),
    encode: (data, { indices, mixed: { partners = indices, share = 1 } = {} }) => ({
      labels: labelsOf(data, indices),
      ...(mixed
        ? {
            partners: labelsOf(data, partners),
            share: { shape: [], data: Float32Array.of(share) },
          }
        : {}),
    }),
    loss: ({ logits }, { labels, partners, share }) => {
      const entropy = (labels: Value): Value => crossEntropy(logits, labels, labelSmoothing)
      return mixed
        ? add(mul(entropy(labels), share), mul(entropy(partners), sub(1, share)))
        : entropy(labels)
    },
    accumulator: accuracy,
    best: { metric: 'top1', higher: true },
  }
}

/** How many images of each class there were, and which fraction of them was right. */
export const perClassAccuracy = ({ labels, classes }: Pick<Dataset, 'labels' | 'classes'>) => {
  const sums = classes.map(() => ({ count: 0, right: 0 }))
  return {
    add: (outputs: Tensors, { indices, count }: Batch): void => {
      for (let row = 0; row < count; row++) {
        const label = labels[indices[row]]
        sums[label].count++
        if (judgeRow(outputs, row, label).above < 1) sums[label].right++
      }
    },
    perClass: () =>
      sums.map(({ count, right }) => ({ count, top1: count === 0 ? 0 : right / count })),
  }
}
