/** Regression: numbers of an image, by the distance from what they should be. */

import type { Dataset } from '../data/dataset.ts'
import type { Tensors } from '../engines/engine.ts'
import { UsageError } from '../errors/index.ts'
import type { Value } from '../graph/index.ts'
import { abs, minimum, mul, reduceMean, sub } from '../ops/index.ts'
import { average, moments } from '../stats/moments.ts'
import { sixDigits } from './classAnswers.ts'
import { errorSums } from './errorSums.ts'
import { numbersReview } from './numbersReview.ts'
import type { TaskSetting } from './registry.ts'
import type { Accumulator, Answers, Metrics, Task, TaskMemory } from './task.ts'
import { valuesOf, valueTargets } from './values.ts'

/** What a distance costs: |d|, d², or d²/2 up to 1 and |d| − ½ from there (Huber). */
export const LOSSES = ['l1', 'l2', 'huber'] as const
export type RegressionLoss = (typeof LOSSES)[number]

const COSTS: Readonly<
  Record<RegressionLoss, readonly [graph: (d: Value) => Value, number: (d: number) => number]>
> = {
  l1: [abs, Math.abs],
  l2: [d => mul(d, d), d => d * d],
  huber: [
    d => {
      const near = minimum(abs(d), 1)
      return mul(near, sub(abs(d), mul(near, 0.5)))
    },
    d => {
      const near = Math.min(Math.abs(d), 1)
      return near * (Math.abs(d) - near / 2)
    },
  ],
}

/** Mean and std of each number of the images to train on. @throws UsageError where one is always the same */
export const targetScale = (data: Dataset): TaskMemory => {
  const all = moments(data.classes.length)
  for (const values of valuesOf(data)) all.add(values)
  const std = all.variance().map(Math.sqrt)
  const constant = std.findIndex(value => !(value > 0))
  if (constant >= 0)
    throw new UsageError({
      where: 'data.labels',
      expected: `numbers that differ in ${data.classes[constant]}`,
      got: `${all.mean()[constant]} for every image to train on`,
    })
  return { targets: { mean: all.mean(), std } }
}

/** The task of predicting numbers; the network gives them normalized by what is remembered of the training images. */
export const regression = ({
  classes,
  memory: { targets = { mean: classes.map(() => 0), std: classes.map(() => 1) } },
  loss = 'huber',
  mixed = false,
}: TaskSetting): Task => {
  const { mean, std } = targets
  const [cost, costOf] = COSTS[loss]
  const normalized = (values: Float32Array): Float32Array =>
    values.map((value, k) => (value - mean[k]) / std[k])
  const predicted = ({ values: { data } }: Tensors, row: number): number[] =>
    mean.map((own, k) => data[row * mean.length + k] * std[k] + own)
  const wanted = valueTargets(classes.length, mixed, normalized)
  const accumulator = (data: Dataset): Accumulator<Metrics> => {
    const sums = errorSums(data, mean)
    let loss = 0
    return {
      add: (outputs, { indices, count }) => {
        for (let row = 0; row < count; row++) {
          const errors = sums.add(predicted(outputs, row), indices[row])
          loss += average(errors.map((error, k) => costOf(error / std[k])))
        }
      },
      merge: gathered => {
        sums.merge(gathered)
        loss += Number(gathered.loss)
      },
      gathered: () => ({ ...sums.gathered(), loss }),
      metrics: () => {
        const rows = sums.measures()
        const mean = (name: 'mae' | 'rmse' | 'r2'): number => average(rows.map(row => row[name]))
        return { loss: loss / rows[0].count, mae: mean('mae'), rmse: mean('rmse'), r2: mean('r2') }
      },
    }
  }
  const cellsOf = (values: ArrayLike<number>, prefix = '') =>
    Object.fromEntries(classes.map((name, k) => [`${prefix}${name}`, sixDigits(values[k])]))
  const answers: Answers = {
    answer: (outputs, row) => {
      const values = cellsOf(predicted(outputs, row))
      const text = Object.entries(values).map(([name, value]) => `${name} ${value}`)
      return { text: text.join(', '), fields: { values }, cells: values }
    },
    truth: (data, index) =>
      Object.entries(cellsOf(valuesOf(data)[index]))
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    cells: (outputs, row, data, index) => ({
      ...cellsOf(valuesOf(data)[index]),
      ...cellsOf(predicted(outputs, row), 'predicted_'),
    }),
  }
  return {
    name: 'regression',
    output: 'values',
    memory: { targets },
    targets: wanted.inputs,
    encode: wanted.encode,
    loss: ({ values }, given) => reduceMean(cost(sub(values, wanted.of(given)))),
    accumulator,
    review: data => numbersReview(data, predicted, mean),
    figures: () => [
      { metric: 'mae', title: 'MAE' },
      { metric: 'rmse', title: 'RMSE' },
      { metric: 'r2', title: 'R²' },
    ],
    answers,
    best: { metric: 'r2', title: 'R²', higher: true },
  }
}
