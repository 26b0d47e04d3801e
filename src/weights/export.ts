/** A trained network as one ONNX file: its weights, and in its metadata what a program must know to ask it. */

import { type Graph, graph } from '../graph/index.ts'
import { inferenceGraph } from '../models/inferenceGraph.ts'
import { emit } from '../onnx/emit.ts'
import { encodeModel } from '../onnx/encode.ts'
import type { OnnxModel } from '../onnx/model.ts'
import { add, constant, mul, sigmoid, softmax } from '../ops/index.ts'
import { foldBatchNorm } from '../passes/foldBatchNorm.ts'
import { type Description, describe, type Serving } from './description.ts'
import { METADATA_KEY } from './onnxFile.ts'
import type { Trained } from './trained.ts'

const rowOf = (numbers: readonly number[]) => constant(numbers, [1, numbers.length])

/** A trained network's inference, from what goes into the file to what comes out of it. */
export const servingGraph = (
  { card, model }: Trained,
  batch: number,
  { preprocessing, softmax: ending }: Serving,
): Graph => {
  const { height, width, mean, std } = card
  const statistics = preprocessing ? ({ mean, std, layout: 'NHWC' } as const) : undefined
  const own = inferenceGraph(model, batch, [height, width], statistics, card.output)
  const { logits, values } = own.outputs
  if (card.targets)
    return graph({
      ...own.outputs,
      values: add(mul(values, rowOf(card.targets.std)), rowOf(card.targets.mean)),
    })
  if (!ending || logits === undefined) return own
  return graph({ probabilities: card.task === 'labels' ? sigmoid(logits) : softmax(logits, 1) })
}

/** How many images a file is for: any number, but one where boxes are suppressed image by image. */
export const fileBatch = ({ model: { task } }: Trained): number | undefined =>
  task === 'detection' ? 1 : undefined

/**
 * The model of the file, for any number N of images (detectors: one): input `images`, output `logits` or
 * `probabilities` [N, classes]; every batch normalization that follows a convolution is folded into it.
 */
export const onnxModelOf = (
  trained: Trained,
  serving: Serving = {},
  description: Description = describe(trained.card, serving),
): OnnxModel => {
  const { graph, tensors } = foldBatchNorm(servingGraph(trained, 1, serving), trained.tensors)
  const metadata = { [METADATA_KEY]: JSON.stringify(description) }
  const batch = fileBatch(trained) === undefined ? 'N' : undefined
  return emit(graph, { batch, weights: tensors, metadata })
}

/** The bytes of the file. */
export const exportOnnx = (trained: Trained, serving?: Serving): Uint8Array =>
  encodeModel(onnxModelOf(trained, serving))
