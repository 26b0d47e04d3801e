/** A task: what a network is trained for, and how what it gives is judged. */

import type { Placement } from '../data/augment/place.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Batch, BatchImages } from '../data/loader.ts'
import type { Tensors } from '../engines/engine.ts'
import type { Named, Values } from '../nn/index.ts'
import type { GalleryImage } from '../report/gallery.ts'
import type { Section } from '../report/html.ts'
import type { Matrix } from '../report/matrix.ts'
import type { Cell } from '../text/table.ts'

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
  /** What of it a trained network remembers, such as thresholds chosen on images of validation. */
  learned?(): TaskMemory
}

/** What a trained network remembers of its task besides the name, in its card. */
export interface TaskMemory {
  /** Of each class: the probability from which it holds. */
  readonly thresholds?: readonly number[] | undefined
  /** Of each number that is predicted: what it was normalized by. */
  readonly targets?:
    | { readonly mean: readonly number[]; readonly std: readonly number[] }
    | undefined
  /** The most objects that an image had, in training. */
  readonly objects?: number | undefined
}

/** An object that was found. */
export interface FoundObject {
  /** The name of its class. */
  readonly class: string
  /** How sure it is, 0 to 1. */
  readonly score: number
  /** In pixels of the image. */
  readonly box: readonly [x: number, y: number, width: number, height: number]
}

/** What a network says of one image. */
export interface Answer {
  /** What was found, by a detector: the surest first. */
  readonly found?: readonly FoundObject[] | undefined
  /** In a line of text. */
  readonly text: string
  /** As JSON has it. */
  readonly fields: Readonly<Record<string, unknown>>
  /** As columns of a table. */
  readonly cells: Readonly<Record<string, Cell>>
}

/** How what a network gives is said of single images. */
export interface Answers<Data extends Dataset = Dataset> {
  /**
   * What it says of an image.
   * @param row - the image's in the outputs
   * @param top - of classes, how many of the likeliest
   * @param placement - where the image lies in the network's input, where that is seen as a whole
   */
  answer(outputs: Tensors, row: number, top?: number, placement?: Placement): Answer
  /** What is true of an image, in a line of text. */
  truth(data: Data, index: number): string
  /** Truth and answer as a row of an evaluation's table. */
  cells(outputs: Tensors, row: number, data: Data, index: number): Readonly<Record<string, Cell>>
}

/** A metric's course over epochs, as a report draws it. */
export interface Curve {
  /** The metric's name, such as `top1`. */
  readonly metric: string
  /** What it is called on the page. */
  readonly title: string
  /** Whether it is a share, to be shown in percent. */
  readonly percent?: boolean | undefined
  /** Whether it is the share of images that are right, which has an interval. */
  readonly ofImages?: boolean | undefined
}

/** Measures of each class, or of each number that is predicted, in their order. */
export interface PerClass {
  /** What is measured, as a table shows it. */
  readonly columns: readonly Curve[]
  /** By the names of the metrics, and how many images in `count`. */
  readonly rows: readonly Readonly<Record<string, number>>[]
}

/** What a review has found, as data that a page draws. */
export interface Findings {
  /** Which class is taken for which, where there are few enough classes to read it. */
  readonly matrix?: Matrix | undefined
  /** How many images are wrong. */
  readonly wrong: number
  /** The most wrong of them. */
  readonly images: readonly GalleryImage[]
}

/** What a report shows of a network on a dataset, gathered as it is evaluated. */
export interface Review {
  /** The metrics whose course is drawn. */
  readonly curves: readonly Curve[]
  /** Takes in the outputs of a batch, as an accumulator does. */
  add(outputs: Tensors, batch: BatchImages): void
  /** Measures of each class. */
  perClass?(): PerClass
  /**
   * What there is to say, for a page.
   * @param thumbnail - an image of the dataset as a data URI, by its index
   */
  sections(thumbnail: (index: number) => Promise<string>): Promise<readonly Section[]>
  /** The same as data, for a page that draws it by itself. */
  findings?(thumbnail: (index: number) => Promise<string>): Promise<Findings>
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
  /**
   * A scalar to be minimized; or its parts by name, a row an image, of which the mean of a row's sum
   * is: a step then gives them in place of what the network does.
   */
  loss(outputs: Named, targets: Named): Values
  /** Measures the steps of an epoch, where that is something else than an evaluation. */
  training?(data: Data): Accumulator
  /** Begins to measure a network on a dataset. */
  accumulator(data: Data): Accumulator<Measured>
  /** What a report says besides the course of all metrics. */
  review?(data: Data): Review
  /** What is said of an evaluation, besides the loss; the best's metric unless given. */
  figures?(classes: readonly string[]): readonly Curve[]
  /** Whether an image is seen whole and padded, in place of its middle. */
  readonly letterbox?: boolean | undefined
  /** How it is said of single images what the network gives. */
  readonly answers?: Answers<Data> | undefined
  /** What is remembered from the start, besides what evaluation learns. */
  readonly memory?: TaskMemory | undefined
  /** The metric by which one epoch is better than another. */
  readonly best: Best
}

/** The metric by which epochs are compared, and how it is shown. */
export interface Best extends Omit<Curve, 'title'> {
  /** Whether more is better. */
  readonly higher: boolean
  /** What it is called in a line; its own name unless given. */
  readonly title?: string | undefined
}
