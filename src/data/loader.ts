/** Batches: pictures in an order that is a function of (seed, epoch), ready for the network. */

import { permutation, random } from '../random.ts'
import { type Augmentation, augment } from './augment.ts'
import type { Dataset, Normalization } from './dataset.ts'

export interface Batch {
  /** [batch, C, H, W], row-major and normalised. */
  readonly images: Float32Array
  readonly labels: Int32Array
  /** Which pictures of the dataset these are. */
  readonly indices: Uint32Array
  /** How many are real: the last batch of an evaluation is filled up with the first picture. */
  readonly count: number
}

export interface BatchOptions {
  readonly batch: number
  readonly normalization: Normalization
}

export interface TrainingBatchOptions extends BatchOptions {
  readonly seed: number
  readonly epoch: number
  readonly augmentation: Augmentation
  /** How many batches of the epoch to skip: where a resumed training goes on. */
  readonly start?: number
}

const NO_AUGMENTATION: Augmentation = {}

/** How many whole batches an epoch of training has; what is left over waits for another shuffle. */
export const stepsPerEpoch = ({ labels }: Dataset, batch: number): number =>
  Math.floor(labels.length / batch)

const assemble = async (
  dataset: Dataset,
  indices: Uint32Array,
  count: number,
  augmentation: Augmentation,
  { normalization, seed, epoch }: { normalization: Normalization; seed: number; epoch: number },
): Promise<Batch> => {
  const size = dataset.shape.reduce((product, dimension) => product * dimension, 1)
  const images = new Float32Array(indices.length * size)
  const source = random(seed).fork('augment').fork(epoch)
  for (const [i, index] of indices.entries()) {
    const pixels = await dataset.read(index)
    const draw = source.fork(index)
    augment(pixels, dataset.shape, augmentation, normalization, draw, images, i * size)
  }
  const labels = Int32Array.from(indices, index => dataset.labels[index])
  return { images, labels, indices, count }
}

/** The batches of one epoch of training, shuffled and augmented. */
export async function* trainingBatches(
  dataset: Dataset,
  { batch, seed, epoch, augmentation, normalization, start = 0 }: TrainingBatchOptions,
): AsyncGenerator<Batch> {
  const order = permutation(random(seed).fork('shuffle').fork(epoch), dataset.labels.length)
  for (let i = start; i < stepsPerEpoch(dataset, batch); i++) {
    const indices = order.slice(i * batch, (i + 1) * batch)
    yield await assemble(dataset, indices, batch, augmentation, { normalization, seed, epoch })
  }
}

/** All pictures in their order, as they are. */
export async function* evaluationBatches(
  dataset: Dataset,
  { batch, normalization }: BatchOptions,
): AsyncGenerator<Batch> {
  const total = dataset.labels.length
  for (let first = 0; first < total; first += batch) {
    const count = Math.min(batch, total - first)
    const indices = Uint32Array.from({ length: batch }, (_, i) => (i < count ? first + i : 0))
    yield await assemble(dataset, indices, count, NO_AUGMENTATION, {
      normalization,
      seed: 0,
      epoch: 0,
    })
  }
}
