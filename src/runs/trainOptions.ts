/** What a training is told, what it reports as it goes, and what it gives. */

import type { Dataset } from '../data/dataset.ts'
import type { Normalization } from '../data/normalization.ts'
import type { Engine } from '../engines/engine.ts'
import type { Communicator } from '../machines/communicator.ts'
import type { Model } from '../models/registry.ts'
import type { Metrics, Task } from '../tasks/task.ts'
import type { Config } from '../train/config.ts'
import type { EpochRow } from '../train/epochRow.ts'
import type { StepEvent } from '../train/loop.ts'
import type { Trained } from '../weights/trained.ts'
import type { Conditions } from './environment.ts'

/** A step of the loop, and what it counts for in the training. */
export interface StepReport extends StepEvent {
  readonly epochs: number
  /** Images a step. */
  readonly batch: number
  /** Of this step, its data included. */
  readonly imagesPerSecond: number
}

export interface TrainOptions {
  readonly config: Config
  readonly model: Model
  /** What the network is trained for; classification by the recipe unless given. */
  readonly task?: Task | undefined
  readonly train: Dataset
  /** Evaluated at the end of every epoch; decides which epoch is the best. */
  readonly validation: Dataset
  /** Measured once, at the end, by the weights of the best epoch. */
  readonly test?: Dataset | undefined
  readonly normalization: Normalization
  readonly engine: Engine
  readonly conditions: Conditions
  /** Asked for where training begins, and not where it goes on: weights for the initialized ones. */
  firstWeights?(): Promise<ReadonlyMap<string, Float32Array>>
  /** The run's folder. */
  readonly folder: string
  /** Whether to go on from the newest checkpoint, and whether other conditions than its are fine. */
  readonly resume?: 'exact' | 'compatible' | undefined
  /** Save at least this often, in seconds, besides after each epoch. */
  readonly saveEvery?: number | undefined
  /** Stops after the step under way, and saves. */
  readonly signal?: AbortSignal | undefined
  /** The processes that share every batch; the first keeps the run. None but this one unless given. */
  readonly communicator?: Communicator | undefined
  readonly onStep?: ((report: StepReport) => void) | undefined
  readonly onEpoch?: ((row: EpochRow, epochs: number) => void | Promise<void>) | undefined
  readonly onWarning?: ((message: string) => void) | undefined
}

/** Options whose task is known. */
export type TaskTrainOptions = TrainOptions & { readonly task: Task }

export interface TrainResult {
  readonly history: readonly EpochRow[]
  /** False when the signal stopped it. */
  readonly finished: boolean
  /** The weights of the best epoch, where one was finished. */
  readonly best: Trained | undefined
  /** What these come to on the test images, once all epochs are finished. */
  readonly test: Metrics | undefined
}
