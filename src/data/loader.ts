/** Batches: images in an order that is a function of (seed, epoch), ready for the network. */

import { random } from '../random/index.ts'
import type { Augmentation } from './augment/augment.ts'
import type { Dataset } from './dataset.ts'
import { type Mixed, type Mixing, mix } from './mix.ts'
import type { Normalization } from './normalization.ts'
import type { Preparation } from './prepare.ts'
import { epochOrder, type Sampling } from './sampling.ts'

/** Which images a batch is of. */
export interface BatchImages {
  /** Their places in the dataset. */
  readonly indices: Uint32Array
  /** The other half of each image, where images are mixed. */
  readonly mixed?: Mixed
  /** How many are real: the last batch of an evaluation is filled up with the first image. */
  readonly count: number
}

/** The images of one step. */
export interface Batch extends BatchImages {
  /** [batch, C, H, W], row-major and normalized. */
  readonly images: Float32Array
  /** How the images were prepared: what moves with them, such as boxes, draws the same. */
  readonly preparation: Preparation
  /** The batch that these are a part of, where several processes share it. */
  readonly whole?: BatchImages
  /** Whether further parts of the same batch follow. */
  readonly more?: boolean
}

export interface BatchOptions {
  readonly batch: number
  /** The places in every batch that are made here; all unless given. */
  readonly places?: readonly number[] | undefined
  readonly normalization: Normalization
}

export interface TrainingBatchOptions extends Omit<BatchOptions, 'places'> {
  /** The places in every batch that are made here, part by part; all at once unless given. */
  readonly parts?: readonly (readonly number[] | undefined)[] | undefined
  readonly seed: number
  readonly epoch: number
  readonly augmentation: Augmentation
  readonly sampling?: Sampling | undefined
  readonly mixing?: Mixing | undefined
  /** How many batches of the epoch to skip: where a resumed training goes on. */
  readonly start?: number
}

/** How many whole batches an epoch of training has; what is left over waits for another shuffle. */
export const stepsPerEpoch = ({ labels }: Dataset, batch: number): number =>
  Math.floor(labels.length / batch)

/** How many batches are being prepared while one is in use. */
const PREFETCH = 2

const assemble = async (
  dataset: Dataset,
  all: Uint32Array,
  count: number,
  preparation: Preparation,
  places: readonly number[] | undefined,
): Promise<Batch> => {
  const indices = places === undefined ? all : Uint32Array.from(places, place => all[place])
  const images = await dataset.prepare(indices, preparation)
  const own = { images, indices, count, preparation }
  return places === undefined ? own : { ...own, whole: { indices: all, count } }
}

/** Makes batches in their order, begun before they are asked for. */
async function* prefetched(
  count: number,
  make: (i: number) => Promise<Batch>,
): AsyncGenerator<Batch> {
  const begun: Promise<Batch>[] = []
  for (let i = 0, next = 0; i < count; i++) {
    for (; next < count && next <= i + PREFETCH; next++) {
      const batch = make(next)
      // One that fails is reported when its turn comes, and not at all if that never does.
      batch.catch(() => {})
      begun.push(batch)
    }
    yield (await begun.shift()) as Batch
  }
}

/** The batches of one epoch of training, shuffled and augmented; each in its parts, where it has some. */
export async function* trainingBatches(
  dataset: Dataset,
  {
    batch,
    parts = [undefined],
    start = 0,
    sampling,
    mixing = {},
    ...preparation
  }: TrainingBatchOptions,
): AsyncGenerator<Batch> {
  const { seed, epoch } = preparation
  const order = epochOrder(random(seed).fork('shuffle').fork(epoch), dataset.labels, sampling)
  const { length: count } = parts
  yield* prefetched((stepsPerEpoch(dataset, batch) - start) * count, async i => {
    const step = start + Math.floor(i / count)
    const indices = order.slice(step * batch, (step + 1) * batch)
    const own = await assemble(dataset, indices, batch, preparation, parts[i % count])
    const made = i % count < count - 1 ? { ...own, more: true } : own
    const draw = random(seed).fork('mix').fork(epoch).fork(step)
    const mixed = mix(made.images, made.indices, dataset.shape, mixing, draw)
    if (mixed === undefined) return made
    const { whole } = made
    if (whole === undefined) return { ...made, mixed }
    const partners = indices.toReversed()
    return { ...made, mixed, whole: { ...whole, mixed: { ...mixed, partners } } }
  })
}

/** All images in their order, as they are. */
export async function* evaluationBatches(
  dataset: Dataset,
  { batch, places, normalization }: BatchOptions,
): AsyncGenerator<Batch> {
  const total = dataset.labels.length
  const preparation = { normalization, augmentation: {}, seed: 0, epoch: 0 }
  yield* prefetched(Math.ceil(total / batch), i => {
    const first = i * batch
    const count = Math.min(batch, total - first)
    const indices = Uint32Array.from({ length: batch }, (_, i) => (i < count ? first + i : 0))
    return assemble(dataset, indices, count, preparation, places)
  })
}
