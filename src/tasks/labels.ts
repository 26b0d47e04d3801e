/** Several labels an image: each holds or not, by binary cross-entropy. */

import type { Dataset } from '../data/dataset.ts'
import type { Tensors } from '../engines/engine.ts'
import type { Value } from '../graph/index.ts'
import { abs, add, exp, log, mul, neg, reduceMean, relu, sub } from '../ops/index.ts'
import { sigmoid } from '../tensor/probabilities.ts'
import { percent } from '../text/numbers.ts'
import { visible } from '../text/visible.ts'
import { sixDigits } from './classAnswers.ts'
import { labelMeasures, scoresOf } from './labelMeasures.ts'
import { labelsReview } from './labelsReview.ts'
import { means } from './means.ts'
import type { TaskSetting } from './registry.ts'
import type { Accumulator, Answers, Metrics, Task } from './task.ts'
import { valuesOf, valueTargets } from './values.ts'

/** Where nothing was learned yet. */
const HALF = 0.5

/**
 * The mean over images and labels of −y·log σ(x) − (1 − y)·log(1 − σ(x)), as max(x, 0) − x·y + log(1 + e^−|x|).
 * @param logits - [N, K]
 * @param targets - [N, K], from 0 to 1
 */
export const binaryCrossEntropy = (logits: Value, targets: Value): Value =>
  reduceMean(add(sub(relu(logits), mul(logits, targets)), log(add(exp(neg(abs(logits))), 1))))

const lossOf = (logit: number, target: number): number =>
  Math.max(logit, 0) - logit * target + Math.log1p(Math.exp(-Math.abs(logit)))

const averageLoss = (logits: readonly number[], targets: Float32Array): number =>
  logits.reduce((sum, logit, k) => sum + lossOf(logit, targets[k]), 0) / targets.length

const logitsOf = ({ logits: { data } }: Tensors, row: number, count: number): number[] =>
  Array.from({ length: count }, (_, k) => data[row * count + k])

/** Over the steps of training: the loss, and the share of labels that are on the right side of a half. */
const training = (data: Dataset): Accumulator<Metrics> =>
  means(['loss', 'accuracy'], (outputs, row, index) => {
    const targets = valuesOf(data)[index]
    const logits = logitsOf(outputs, row, targets.length)
    const right = logits.filter((logit, k) => logit > 0 === targets[k] > HALF).length
    return { loss: averageLoss(logits, targets), accuracy: right / targets.length }
  })

/** Over a dataset: mean average precision, and F1 at thresholds that are given, or chosen for it. */
const evaluation = (data: Dataset, given: readonly number[] | undefined): Accumulator<Metrics> => {
  const scores = scoresOf(data)
  const measured = () => labelMeasures(scores, given)
  return {
    add: scores.add,
    merge: ({ indices, logits }) =>
      scores.take(indices as readonly number[], logits as readonly number[]),
    gathered: () => ({ indices: scores.indices, logits: scores.logits }),
    metrics: () => {
      const { mAP, f1 } = measured()
      const targets = valuesOf(data)
      const total = scores.indices.reduce((sum, index, row) => {
        const own = targets[index]
        const logits = scores.logits.slice(row * own.length, (row + 1) * own.length)
        return sum + averageLoss(logits, own)
      }, 0)
      return { loss: total / scores.indices.length, mAP, f1 }
    },
    learned: () => ({ thresholds: measured().rows.map(({ threshold }) => threshold) }),
  }
}

const answers = (classes: readonly string[], thresholds: readonly number[]): Answers => {
  const probabilitiesOf = (outputs: Tensors, row: number) =>
    logitsOf(outputs, row, classes.length).map((logit, k) => ({
      class: classes[k],
      probability: sigmoid(logit),
      holds: sigmoid(logit) >= (thresholds[k] ?? HALF),
    }))
  const cells = (all: ReturnType<typeof probabilitiesOf>) => ({
    labels: all.flatMap(one => (one.holds ? [one.class] : [])).join(';'),
    ...Object.fromEntries(all.map(one => [`p_${one.class}`, sixDigits(one.probability)])),
  })
  const truth = (data: Dataset, index: number): string =>
    classes.filter((_, k) => valuesOf(data)[index][k] > HALF).join(';')
  return {
    answer: (outputs, row) => {
      const all = probabilitiesOf(outputs, row)
      const sorted = all.toSorted((a, b) => b.probability - a.probability)
      const text = (some: typeof all): string =>
        some.map(one => `${visible(one.class)} ${percent(one.probability)}`).join(', ')
      const holding = sorted.filter(({ holds }) => holds)
      return {
        text: holding.length > 0 ? text(holding) : `none (nearest: ${text(sorted.slice(0, 1))})`,
        fields: { classes: sorted },
        cells: cells(all),
      }
    },
    truth,
    cells: (outputs, row, data, index) => ({
      truth: truth(data, index),
      ...cells(probabilitiesOf(outputs, row)),
    }),
  }
}

/** The task of telling which labels hold. */
export const labels = ({
  classes,
  memory: { thresholds },
  labelSmoothing = 0,
  mixed = false,
}: TaskSetting): Task => {
  const smoothed = (targets: Value): Value =>
    labelSmoothing === 0 ? targets : add(mul(targets, 1 - labelSmoothing), labelSmoothing / 2)
  const wanted = valueTargets(classes.length, mixed)
  return {
    name: 'labels',
    output: 'logits',
    targets: wanted.inputs,
    encode: wanted.encode,
    loss: ({ logits }, targets) => binaryCrossEntropy(logits, smoothed(wanted.of(targets))),
    training,
    accumulator: data => evaluation(data, thresholds),
    review: data => labelsReview(data, thresholds),
    figures: () => [
      { metric: 'mAP', title: 'mAP', percent: true },
      { metric: 'f1', title: 'F1', percent: true },
    ],
    answers: answers(classes, thresholds ?? []),
    best: { metric: 'mAP', title: 'mAP', higher: true, percent: true },
  }
}
