/** A trained network that answers: pictures in, logits out, by any engine. */

import type { Engine, Tensor } from '../engines/engine.ts'
import { inferenceGraph } from '../models/inferenceGraph.ts'
import { variables } from '../nn/index.ts'
import type { Trained } from './trained.ts'

export interface Predictor {
  /** Normalised pictures [batch, C, H, W] to logits [batch, classes]. */
  infer(images: Float32Array): Promise<Float32Array>
  dispose(): Promise<void>
}

/** Compiles a network for a batch size. */
export const openPredictor = async (
  { card, model, tensors }: Trained,
  batch: number,
  engine: Engine,
  threads?: number,
): Promise<Predictor> => {
  const { channels, height, width } = card
  const weights = Object.fromEntries(
    variables(model.network).map(({ name, tensor: { shape } }): [string, Tensor] => [
      name,
      { shape, data: tensors.get(name) ?? new Float32Array() },
    ]),
  )
  const compiled = await engine.compile(inferenceGraph(model, batch, [height, width]), {
    held: Object.keys(weights),
    ...(threads === undefined ? {} : { threads }),
  })
  compiled.hold(weights)
  return {
    infer: async data => {
      const images = { shape: [batch, channels, height, width], data }
      const { logits } = await compiled.run({ images })
      return Float32Array.from(logits.data)
    },
    dispose: () => compiled.dispose(),
  }
}
