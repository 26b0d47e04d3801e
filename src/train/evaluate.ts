/** Loss and accuracy of a network over a dataset. */

import type { Dataset, Normalization } from '../data/dataset.ts'
import { evaluationBatches } from '../data/loader.ts'
import { addLogits, type Metrics, meanOf, noSums } from './metrics.ts'

export interface EvaluateOptions {
  readonly batch: number
  readonly normalization: Normalization
  /** Pictures [batch, C, H, W] to logits [batch, classes]. */
  infer(images: Float32Array): Promise<Float32Array>
  onBatch?(done: number, total: number): void
}

export const evaluate = async (
  dataset: Dataset,
  { batch, normalization, infer, onBatch }: EvaluateOptions,
): Promise<Metrics> => {
  const sums = noSums()
  for await (const { images, labels, count } of evaluationBatches(dataset, {
    batch,
    normalization,
  })) {
    addLogits(sums, await infer(images), labels, count)
    onBatch?.(sums.count, dataset.labels.length)
  }
  return meanOf(sums)
}
