/** A trained network as one ONNX file: its weights, and in its metadata what a program must know to ask it. */

import { type Graph, graph } from '../graph/index.ts'
import { inferenceGraph } from '../models/inferenceGraph.ts'
import { emit } from '../onnx/emit.ts'
import { encodeModel } from '../onnx/encode.ts'
import type { OnnxModel } from '../onnx/model.ts'
import { softmax } from '../ops/index.ts'
import { foldBatchNorm } from '../passes/foldBatchNorm.ts'
import { type Description, describe, type Serving } from './description.ts'
import { METADATA_KEY } from './onnxFile.ts'
import type { Trained } from './trained.ts'

/** A trained network's inference, from what goes into the file to what comes out of it. */
export const servingGraph = (
  { card, model }: Trained,
  batch: number,
  { preprocessing, softmax: ending }: Serving,
): Graph => {
  const { height, width, mean, std } = card
  const statistics = preprocessing ? ({ mean, std, layout: 'NHWC' } as const) : undefined
  const own = inferenceGraph(model, batch, [height, width], statistics, card.output)
  return ending ? graph({ probabilities: softmax(own.outputs.logits, 1) }) : own
}

/**
 * The model of the file, for any number N of images: input `images`, output `logits` or
 * `probabilities` [N, classes]; every batch normalization that follows a convolution is folded into it.
 */
export const onnxModelOf = (
  trained: Trained,
  serving: Serving = {},
  description: Description = describe(trained.card, serving),
): OnnxModel => {
  const { graph, tensors } = foldBatchNorm(servingGraph(trained, 1, serving), trained.tensors)
  const metadata = { [METADATA_KEY]: JSON.stringify(description) }
  return emit(graph, { batch: 'N', weights: tensors, metadata })
}

/** The bytes of the file. */
export const exportOnnx = (trained: Trained, serving?: Serving): Uint8Array =>
  encodeModel(onnxModelOf(trained, serving))
