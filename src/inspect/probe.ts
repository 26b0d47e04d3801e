/** A trained network made ready to answer with values from its inside. */

import type { Engine, Tensors } from '../engines/engine.ts'
import { graph, type Value } from '../graph/index.ts'
import type { Trained } from '../weights/trained.ts'
import { type Exchange, type Observed, observe } from './observe.ts'

export interface Probe {
  /** Normalized images [batch, C, H, W], and what other inputs the values have, to the values. */
  run(images: Float32Array, inputs?: Tensors): Promise<Tensors>
  dispose(): Promise<void>
}

export interface ProbeOptions {
  readonly engine: Engine
  readonly batch: number
  readonly threads?: number | undefined
}

/**
 * @param pick - the values to answer with, by name; may compute on what was observed
 * @param exchange - makes it another network, as observe does
 * @returns nothing where nothing is picked: the network has no such inside
 */
export const openProbe = async (
  { card, model, tensors }: Trained,
  { engine, batch, threads }: ProbeOptions,
  pick: (observed: Observed) => Readonly<Record<string, Value>>,
  exchange?: Exchange,
): Promise<Probe | undefined> => {
  const { channels, height, width } = card
  const wanted = graph(pick(observe(model, batch, [height, width], exchange)))
  if (Object.keys(wanted.outputs).length === 0) return undefined
  const compiled = await engine.compile(wanted, { constants: tensors, threads })
  return {
    run: (data, inputs = {}) =>
      compiled.run({ ...inputs, images: { shape: [batch, channels, height, width], data } }),
    dispose: () => compiled.dispose(),
  }
}
