/** A task: what a network is trained for, and how what it gives is judged. */

import type { Dataset } from '../data/dataset.ts'
import type { Batch } from '../data/loader.ts'
import type { Tensors } from '../engines/engine.ts'
import type { Value } from '../graph/index.ts'
import type { Named } from '../nn/index.ts'

/** Measurements by name; every task has a `loss`, lower where it is better. */
export type Metrics = { readonly loss: number } & Readonly<Record<string, number>>

/** What an accumulator has gathered, as JSON: for checkpoints, and for other processes. */
export type Gathered = Readonly<Record<string, number | readonly number[]>>

/** Metrics in the making, batch by batch. */
export interface Accumulator<Measured extends Metrics = Metrics> {
  /** Takes in the outputs of a batch; images beyond the batch's `count` are ignored. */
  add(outputs: Tensors, batch: Batch): void
  /** Takes in what another accumulator has gathered. */
  merge(gathered: Gathered): void
  /** All that was taken in, so that it can be saved and merged. */
  gathered(): Gathered
  /** The metrics of all that was taken in. */
  metrics(): Measured
}

/**
 * Trainer, run folder and report know no more of a task than this.
 * @typeParam Data - a dataset that has the task's targets
 */
export interface Task<Data extends Dataset = Dataset, Measured extends Metrics = Metrics> {
  /** Under which a trained network remembers it. */
  readonly name: string
  /** The name of what a network gives, where that is one value. */
  readonly output: string
  /** The inputs of the training graph that hold the targets of a batch. */
  targets(batch: number): Named
  /** The numbers that go into these inputs. */
  encode(data: Data, batch: Batch): Tensors
  /** A scalar to be minimized. */
  loss(outputs: Named, targets: Named): Value
  /** Begins to measure a network on a dataset. */
  accumulator(data: Data): Accumulator<Measured>
  /** The metric by which one epoch is better than another. */
  readonly best: Best
}

export interface Best {
  readonly metric: string
  readonly higher: boolean
}
