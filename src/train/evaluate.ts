/** Loss and accuracy of a network over a dataset, in all and by class. */

import type { Dataset } from '../data/dataset.ts'
import { evaluationBatches } from '../data/loader.ts'
import type { Normalization } from '../data/normalization.ts'
import { DivergenceError } from '../errors/index.ts'
import { addLogits, type Metrics, meanOf, noSums } from './metrics.ts'

/** How a dataset is gone through. */
export interface EvaluateOptions {
  readonly batch: number
  readonly normalization: Normalization
  /** Images [batch, C, H, W] to logits [batch, classes]. */
  infer(images: Float32Array): Promise<Float32Array>
  readonly onBatch?: ((done: number, total: number) => void) | undefined
}

/** What a network reaches on a dataset. */
export interface Evaluation extends Metrics {
  /** In the order of the classes: how many images, and which fraction of them was right. */
  readonly perClass: readonly { readonly count: number; readonly top1: number }[]
}

/** @throws DivergenceError when the mean loss is not a finite number */
export const evaluate = async (
  dataset: Dataset,
  { batch, normalization, infer, onBatch }: EvaluateOptions,
): Promise<Evaluation> => {
  const all = noSums()
  const byClass = dataset.classes.map(noSums)
  for await (const { images, labels, count } of evaluationBatches(dataset, {
    batch,
    normalization,
  })) {
    const logits = await infer(images)
    const classes = logits.length / labels.length
    addLogits(all, logits, labels, count)
    for (let row = 0; row < count; row++) {
      const own = logits.subarray(row * classes, (row + 1) * classes)
      addLogits(byClass[labels[row]], own, labels.subarray(row, row + 1), 1)
    }
    onBatch?.(all.count, dataset.labels.length)
  }
  const metrics = meanOf(all)
  if (!Number.isFinite(metrics.loss))
    throw new DivergenceError({
      where: 'evaluation',
      expected: 'a finite loss',
      got: `${metrics.loss}`,
      context: `${all.count} images`,
      hint: 'The weights are finite, but too large to compute with: train with a lower learning rate',
    })
  return {
    ...metrics,
    perClass: byClass.map(({ count, top1 }) => ({ count, top1: count === 0 ? 0 : top1 / count })),
  }
}
