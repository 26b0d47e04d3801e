/** Classification: one label an image, or two that share it where images are mixed. */

import type { Dataset } from '../data/dataset.ts'
import type { Tensors } from '../engines/engine.ts'
import { input, type Value } from '../graph/index.ts'
import { add, mul, sub } from '../ops/index.ts'
import { hasTop5 } from '../text/accuracy.ts'
import { classAnswers } from './classAnswers.ts'
import { classificationReview } from './classificationReview.ts'
import { crossEntropy } from './crossEntropy.ts'
import { means } from './means.ts'
import { judge } from './outcomes.ts'
import type { Accumulator, Task } from './task.ts'

/** What a classification is told of its targets. */
export interface ClassificationOptions {
  /** The names of the classes, where single images are to be answered for. */
  readonly classes?: readonly string[] | undefined
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

const judgeRow = ({ logits: { shape, data } }: Tensors, row: number, label: number) =>
  judge(data, row * shape[1], shape[1], label)

const accuracy = ({ labels }: Labels): Accumulator<ClassificationMetrics> =>
  means(['loss', 'top1', 'top5'], (outputs, row, index) => {
    const { loss, above } = judgeRow(outputs, row, labels[index])
    return { loss, top1: Number(above < 1), top5: Number(above < 5) }
  })

/** The task of telling classes apart, by cross-entropy. */
export const classification = ({
  classes = [],
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
    review: classificationReview,
    figures: names => [
      { metric: 'top1', title: 'top-1', percent: true, ofImages: true },
      ...(hasTop5(names) ? [{ metric: 'top5', title: 'top-5', percent: true }] : []),
    ],
    answers: classAnswers(classes),
    best: { metric: 'top1', higher: true, percent: true, ofImages: true },
  }
}
