/** A trained network that answers: images in, its outputs out, by any engine. */

import type { Engine, Tensors } from '../engines/engine.ts'
import { inferenceGraph } from '../models/inferenceGraph.ts'
import { foldBatchNorm } from '../passes/foldBatchNorm.ts'
import type { Trained } from './trained.ts'

/** A compiled network that answers batches. */
export interface Predictor {
  /** Normalized images [batch, C, H, W] to the outputs by name: of classifiers `logits` [batch, classes]. */
  infer(images: Float32Array): Promise<Tensors>
  /** Frees what the engine keeps. */
  dispose(): Promise<void>
}

/** Compiles a network for a batch size, its batch normalizations folded into convolutions. */
export const openPredictor = async (
  { card, model, tensors }: Trained,
  batch: number,
  engine: Engine,
  threads?: number,
): Promise<Predictor> => {
  const { channels, height, width, output } = card
  const own = inferenceGraph(model, batch, [height, width], undefined, output)
  const { graph, tensors: constants } = foldBatchNorm(own, tensors)
  const compiled = await engine.compile(graph, { constants, threads })
  return {
    infer: data => compiled.run({ images: { shape: [batch, channels, height, width], data } }),
    dispose: () => compiled.dispose(),
  }
}
