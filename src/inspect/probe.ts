/** A trained network made ready to answer with values from its inside, and what is measured of them. */

import type { Dataset } from '../data/dataset.ts'
import { evaluationBatches } from '../data/loader.ts'
import type { Engine, Tensors } from '../engines/engine.ts'
import { graph, type Value } from '../graph/index.ts'
import type { Trained } from '../weights/trained.ts'
import { type Intervention, type Observed, observe } from './observe.ts'

/** A trained network that is run to look inside it. */
export interface Probe {
  /** Normalized images [batch, C, H, W], and what other inputs the values have, to the values. */
  run(images: Float32Array, inputs?: Tensors): Promise<Tensors>
  /** Frees what the engine keeps. */
  dispose(): Promise<void>
}

export interface ProbeOptions {
  readonly engine: Engine
  readonly batch: number
  readonly threads?: number | undefined
}

type Values = Readonly<Record<string, Value>>

const compile = async (
  { card, tensors }: Trained,
  { engine, batch, threads }: ProbeOptions,
  values: Values,
): Promise<Probe | undefined> => {
  if (Object.keys(values).length === 0) return undefined
  const shape = [batch, card.channels, card.height, card.width]
  const compiled = await engine.compile(graph(values), { constants: tensors, threads })
  return {
    run: (data, inputs = {}) => compiled.run({ ...inputs, images: { shape, data } }),
    dispose: () => compiled.dispose(),
  }
}

/**
 * Opens a network for values from its inside.
 * @param pick - the values to answer with, by name; may compute on what was observed
 * @param intervention - makes it another network, as observe does
 * @returns nothing where nothing is picked: the network has no such inside
 */
export const openProbe = (
  trained: Trained,
  options: ProbeOptions,
  pick: (observed: Observed) => Values,
  intervention?: Intervention,
): Promise<Probe | undefined> => {
  const { card, model } = trained
  const observed = observe(model, options.batch, [card.height, card.width], intervention)
  return compile(trained, options, pick(observed))
}

/** Values of one image, by the names under which they were picked. */
export type ImageValues = Readonly<Record<string, ArrayLike<number> & Iterable<number>>>

/** What is measured of a network on images: the values it needs, and what becomes of them. */
export interface Measurement<Result> {
  /** Values that begin with an axis of images, by names of their own. */
  readonly values: Values
  /** Takes what one image made of the values. */
  add(values: ImageValues, label: number): void
  result(): Result
}

/** Sends images through the network once, for some measurements. */
type Pass = (
  images: Dataset,
  measurements: readonly Pick<Measurement<unknown>, 'add'>[],
) => Promise<void>

/**
 * Takes all measurements of a network with one probe.
 * @param of - the measurements, by name
 * @param use - sends images through the network; not called where nothing needs a value of it
 */
export const measure = async <M extends Readonly<Record<string, Measurement<unknown>>>>(
  trained: Trained,
  options: ProbeOptions,
  of: (observed: Observed) => M,
  use: (pass: Pass, measurements: M) => Promise<void>,
  intervention?: Intervention,
): Promise<M> => {
  const { card, model } = trained
  const { batch } = options
  const measurements = of(observe(model, batch, [card.height, card.width], intervention))
  const all = Object.values(measurements).map(({ values }) => values)
  const probe = await compile(trained, options, Object.assign({}, ...all))
  if (probe === undefined) return measurements
  const pass: Pass = async (dataset, given) => {
    const batches = evaluationBatches(dataset, { batch, normalization: card })
    for await (const { images, indices, count } of batches) {
      const outputs = Object.entries(await probe.run(images))
      for (let row = 0; row < count; row++) {
        const values = outputs.map(([name, { data }]) => {
          const size = data.length / batch
          return [name, data.subarray(row * size, (row + 1) * size)]
        })
        for (const one of given) one.add(Object.fromEntries(values), dataset.labels[indices[row]])
      }
    }
  }
  try {
    await use(pass, measurements)
  } finally {
    await probe.dispose()
  }
  return measurements
}
