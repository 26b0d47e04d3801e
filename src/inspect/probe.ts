/** A trained network made ready to answer with values from its inside, and what is measured of them. */

import type { Dataset } from '../data/dataset.ts'
import { evaluationBatches } from '../data/loader.ts'
import type { Engine, Tensors } from '../engines/engine.ts'
import { graph, type Value } from '../graph/index.ts'
import type { Trained } from '../weights/trained.ts'
import { type Intervention, type Observed, observe } from './observe.ts'

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
 * @param intervention - makes it another network, as observe does
 * @returns nothing where nothing is picked: the network has no such inside
 */
export const openProbe = async (
  { card, model, tensors }: Trained,
  { engine, batch, threads }: ProbeOptions,
  pick: (observed: Observed) => Readonly<Record<string, Value>>,
  intervention?: Intervention,
): Promise<Probe | undefined> => {
  const { channels, height, width } = card
  const wanted = graph(pick(observe(model, batch, [height, width], intervention)))
  if (Object.keys(wanted.outputs).length === 0) return undefined
  const compiled = await engine.compile(wanted, { constants: tensors, threads })
  return {
    run: (data, inputs = {}) =>
      compiled.run({ ...inputs, images: { shape: [batch, channels, height, width], data } }),
    dispose: () => compiled.dispose(),
  }
}

/** Values of one image, by the names under which they were picked. */
export type ImageValues = Readonly<Record<string, ArrayLike<number> & Iterable<number>>>

/** What is measured of a network on images: the values it needs, and what becomes of them. */
export interface Measurement<Result> {
  /** Values that begin with an axis of images, by names of their own. */
  readonly values: Readonly<Record<string, Value>>
  /** Takes what one image made of the values. */
  add(values: ImageValues, label: number): void
  result(): Result
}

/** Measures all at once: every image goes through the network once. */
export const pass = async (
  probe: Probe,
  { card }: Trained,
  dataset: Dataset,
  batch: number,
  measurements: readonly Pick<Measurement<unknown>, 'add'>[],
  inputs?: Tensors,
): Promise<void> => {
  for await (const { images, labels, count } of evaluationBatches(dataset, {
    batch,
    normalization: card,
  })) {
    const outputs = Object.entries(await probe.run(images, inputs))
    for (let row = 0; row < count; row++) {
      const values = Object.fromEntries(
        outputs.map(([name, { data }]) => {
          const size = data.length / batch
          return [name, data.subarray(row * size, (row + 1) * size)]
        }),
      )
      for (const one of measurements) one.add(values, labels[row])
    }
  }
}
