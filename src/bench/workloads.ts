/** What is measured: one training step of a batch, or one answer to it, over and over. */

import type { Engine } from '../engines/engine.ts'
import { sizeOf } from '../graph/index.ts'
import type { Model } from '../models/registry.ts'
import { initialize } from '../nn/index.ts'
import { RECIPES } from '../train/recipes.ts'
import { TrainingSession } from '../train/session.ts'
import { openPredictor } from '../weights/predictor.ts'
import type { Trained } from '../weights/trained.ts'

export interface WorkloadOptions {
  readonly model: Model
  /** Height and width of the images. */
  readonly size: number
  readonly batch: number
  readonly engine: Engine
  readonly threads: number
}

export interface Workload {
  /** One training step, or one answer. */
  step(run: number): Promise<unknown>
  dispose(): Promise<void>
}

/** What is in an image does not change how long it takes: nothing that costs time to draw. */
const pattern = ({ model, size, batch }: WorkloadOptions): Float32Array =>
  Float32Array.from(
    { length: sizeOf([batch, model.channels, size, size]) },
    (_, i) => ((i * 7919) % 1009) / 1009 - 0.5,
  )

/** A network as it begins. */
export const untrained = (model: Model, size: number): Trained => ({
  card: {
    model: model.name,
    classes: Array.from({ length: model.classes }, (_, i) => `${i}`),
    channels: model.channels,
    height: size,
    width: size,
    mean: new Array<number>(model.channels).fill(0),
    std: new Array<number>(model.channels).fill(1),
  },
  model,
  tensors: initialize(model.network, 0),
})

/** Forward, backward and update: SGD with momentum and weight decay, cross-entropy, no smoothing. */
const openTraining = async (options: WorkloadOptions): Promise<Workload> => {
  const { model, size, batch, engine, threads } = options
  const recipe = { ...RECIPES.senet, batch }
  const session = new TrainingSession({
    model,
    size: [size, size],
    recipe,
    seed: 0,
    engine,
    threads,
  })
  const images = pattern(options)
  const labels = Int32Array.from({ length: batch }, (_, i) => i % model.classes)
  const indices = Uint32Array.from(labels.keys())
  const targets = { labels: { shape: [batch], data: labels } }
  return {
    step: run => session.step({ images, indices }, targets, { step: run, learningRate: 1e-3 }),
    dispose: () => session.dispose(),
  }
}

const openInference = async (options: WorkloadOptions): Promise<Workload> => {
  const { model, size, batch, engine, threads } = options
  const predictor = await openPredictor(untrained(model, size), batch, engine, threads)
  const images = pattern(options)
  return { step: () => predictor.infer(images), dispose: () => predictor.dispose() }
}

export const WORKLOADS = { train: openTraining, infer: openInference } as const
export type WorkloadName = keyof typeof WORKLOADS
