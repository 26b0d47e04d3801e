/** Measures a network over a dataset. */

import type { Dataset } from '../data/dataset.ts'
import { type Batch, evaluationBatches } from '../data/loader.ts'
import type { Normalization } from '../data/normalization.ts'
import type { Tensors } from '../engines/engine.ts'
import type { Accumulator, Metrics } from '../tasks/task.ts'

/** How a dataset is gone through. */
export interface EvaluateOptions<Measured extends Metrics> {
  /** How many images are computed at a time. */
  readonly batch: number
  /** The places in every batch that this process computes; all unless given. */
  readonly places?: readonly number[] | undefined
  /** What pixels are normalized by. */
  readonly normalization: Normalization
  /** Images [batch, C, H, W], or those of `places`, to the network's outputs for all of the batch. */
  infer(images: Float32Array): Promise<Tensors>
  /** What measures. */
  readonly accumulator: Accumulator<Measured>
  /** @param done - how many images have been measured, this batch included */
  onBatch?(done: number, outputs: Tensors, batch: Batch): void
}

/** Measures a network by the metrics of an accumulator. */
export const evaluate = async <Measured extends Metrics>(
  dataset: Dataset,
  { batch, places, normalization, infer, accumulator, onBatch }: EvaluateOptions<Measured>,
): Promise<Measured> => {
  let done = 0
  for await (const one of evaluationBatches(dataset, { batch, places, normalization })) {
    const outputs = await infer(one.images)
    accumulator.add(outputs, one.whole ?? one)
    done += one.count
    onBatch?.(done, outputs, one)
  }
  return accumulator.metrics()
}
