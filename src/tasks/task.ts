/** A task: what a network is trained for, and how what it gives is judged. */

import type { Dataset } from '../data/dataset.ts'
import type { Batch, BatchImages } from '../data/loader.ts'
import type { Tensors } from '../engines/engine.ts'
import type { Value } from '../graph/index.ts'
import type { Named } from '../nn/index.ts'
import type { Section } from '../report/html.ts'

/** Measurements by name; every task has a `loss`, lower where it is better. */
export type Metrics = { readonly loss: number } & Readonly<Record<string, number>>

/** What an accumulator has gathered, as JSON: for checkpoints, and for other processes. */
export type Gathered = Readonly<Record<string, number | readonly number[]>>

/** Metrics in the making, batch by batch. */
export interface Accumulator<Measured extends Metrics = Metrics> {
  /** Takes in the outputs of a batch; images beyond the batch's `count` are ignored. */
  add(outputs: Tensors, batch: BatchImages): void
  /** Takes in what another accumulator has gathered. */
  merge(gathered: Gathered): void
  /** All that was taken in, so that it can be saved and merged. */
  gathered(): Gathered
  /** The metrics of all that was taken in. */
  metrics(): Measured
}

/** A metric's course over epochs, as a report draws it. */
export interface Curve {
  /** The metric's name, such as `top1`. */
  readonly metric: string
  /** What it is called on the page. */
  readonly title: string
  /** Whether it is a share, to be shown in percent. */
  readonly percent?: boolean | undefined
}

/** What a report shows of a network on a dataset, gathered as it is evaluated. */
export interface Review {
  /** The metrics whose course is drawn. */
  readonly curves: readonly Curve[]
  /** Takes in the outputs of a batch, as an accumulator does. */
  add(outputs: Tensors, batch: BatchImages): void
  /**
   * What there is to say, for a page.
   * @param thumbnail - an image of the dataset as a data URI, by its index
   */
  sections(thumbnail: (index: number) => Promise<string>): Promise<readonly Section[]>
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
  /** What a report says besides the course of all metrics. */
  review?(data: Data): Review
  /** The metric by which one epoch is better than another. */
  readonly best: Best
}

export interface Best {
  readonly metric: string
  readonly higher: boolean
}
