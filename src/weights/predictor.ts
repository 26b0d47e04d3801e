/** A trained network that answers: images in, logits out, by any engine. */

import type { Engine } from '../engines/engine.ts'
import { inferenceGraph } from '../models/inferenceGraph.ts'
import { foldBatchNorm } from '../passes/foldBatchNorm.ts'
import type { Trained } from './trained.ts'

/** A compiled network that answers batches. */
export interface Predictor {
  /** Normalized images [batch, C, H, W] to logits [batch, classes]. */
  infer(images: Float32Array): Promise<Float32Array>
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
  const { channels, height, width } = card
  const own = inferenceGraph(model, batch, [height, width])
  const { graph, tensors: constants } = foldBatchNorm(own, tensors)
  const compiled = await engine.compile(graph, { constants, threads })
  return {
    infer: async data => {
      const images = { shape: [batch, channels, height, width], data }
      const { logits } = await compiled.run({ images })
      return Float32Array.from(logits.data)
    },
    dispose: () => compiled.dispose(),
  }
}
