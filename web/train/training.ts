/** A training from settings and images, with neither page nor worker: the same code gives Node's losses. */

import { normalized } from '../../src/data/augment/augment.ts'
import { type Dataset, pixelDataset } from '../../src/data/dataset.ts'
import { center } from '../../src/data/image.ts'
import { measureNormalization } from '../../src/data/normalization.ts'
import { openShapes } from '../../src/data/shapes/shapes.ts'
import type { Engine } from '../../src/engines/engine.ts'
import { UsageError } from '../../src/errors/index.ts'
import { networkOf } from '../../src/models/registry.ts'
import { openPageImage, type PageImage } from '../../src/page/image.ts'
import { softmax } from '../../src/tensor/probabilities.ts'
import type { EpochRow } from '../../src/train/epochRow.ts'
import { newProgress, trainingLoop } from '../../src/train/loop.ts'
import { RECIPES } from '../../src/train/recipes.ts'
import { TrainingSession } from '../../src/train/session.ts'
import { taskOf } from '../../src/train/taskOf.ts'
import type { Card, Trained } from '../../src/weights/trained.ts'

/** What decides a training besides its images. */
export interface Settings {
  readonly model: string
  /** As the command line has it, such as `se:reduction=8`; empty for none. */
  readonly attention: string
  readonly size: number
  readonly epochs: number
  readonly batch: number
  readonly learningRate: number
  readonly seed: number
}

/** Images of one's own, each of a class. */
export interface Samples {
  readonly classes: readonly string[]
  readonly items: readonly { readonly label: number; readonly image: PageImage }[]
}

/** How many shapes there are to train on, and to test with. */
export interface ShapesCount {
  readonly train: number
  readonly test: number
}

export interface Step {
  readonly kind: 'step'
  /** From 1, over all epochs. */
  readonly step: number
  readonly steps: number
  readonly loss: number
  readonly seconds: number
}
export interface Epoch {
  readonly kind: 'epoch'
  readonly row: EpochRow
}

/** Every so manieth image of a class is kept for testing. */
const KEPT = 4

/** Images of one's own in memory, as pixels of the network's size. */
export const datasetOf = async (
  { classes, items }: Samples,
  size: number,
): Promise<{ readonly train: Dataset; readonly validation: Dataset }> => {
  const shape = [3, size, size] as const
  const counts = classes.map(() => 0)
  const parts = {
    train: { labels: [] as number[], pixels: [] as Uint8Array[] },
    test: { labels: [] as number[], pixels: [] as Uint8Array[] },
  }
  for (const { label, image } of items) {
    const open = await openPageImage(image)
    const part = ++counts[label] % KEPT === 0 ? parts.test : parts.train
    part.labels.push(label)
    part.pixels.push(await open.read(center(open, shape), shape))
  }
  const empty = counts.findIndex(count => count < KEPT)
  if (classes.length < 2 || empty >= 0)
    throw new UsageError({
      where: 'images',
      expected: `2 classes or more, each of ${KEPT} images or more`,
      got: classes.map((name, i) => `${name} ${counts[i]}`).join(', ') || 'none',
    })
  const open = (split: 'train' | 'test'): Dataset =>
    pixelDataset({
      name: 'images',
      split,
      classes,
      shape,
      labels: Int32Array.from(parts[split].labels),
      inMemory: true,
      read: index => parts[split].pixels[index],
    })
  return { train: open('train'), validation: open('test') }
}

export const shapesOf = ({ train, test }: ShapesCount, size: number) => ({
  train: openShapes({ split: 'train', count: train, size }),
  validation: openShapes({ split: 'test', count: test, size }),
})

/** A training that can be stopped and gone on with, asked about images, and taken home. */
export interface Training {
  readonly card: Card
  readonly steps: number
  /** Trains until its end or the signal. */
  run(
    signal: AbortSignal,
    tell: (event: Step | Epoch) => void | Promise<void>,
  ): Promise<{ readonly isDone: boolean }>
  /** The probabilities of an image, by the present weights. Not while it runs. */
  classify(image: PageImage): Promise<readonly number[]>
  trained(): Promise<Trained>
  close(): Promise<void>
}

export const openTraining = async (
  { model: name, attention, size, epochs, batch, learningRate, seed }: Settings,
  { train, validation }: { readonly train: Dataset; readonly validation: Dataset },
  engine: Engine,
  threads?: number,
): Promise<Training> => {
  const { classes } = train
  const record = { model: name, attention: attention === '' ? undefined : attention }
  const model = networkOf(record, { classes: classes.length, channels: 3 })
  const recipe = {
    ...RECIPES.short,
    epochs,
    batch: Math.min(batch, train.labels.length),
    learningRate,
  }
  const task = taskOf({ recipe })
  const { mean, std } = await measureNormalization(train)
  const normalization = { mean: [...mean], std: [...std] }
  const session = new TrainingSession({
    model,
    size: [size, size],
    recipe,
    task,
    seed,
    engine,
    threads,
  })
  const progress = newProgress(task, train)
  const perEpoch = Math.floor(train.labels.length / recipe.batch)
  const card: Card = {
    model: name,
    ...(attention === '' ? {} : { attention }),
    classes: [...classes],
    channels: 3,
    height: size,
    width: size,
    ...normalization,
  }
  return {
    card,
    steps: perEpoch * epochs,
    run: async (signal, tell) => {
      let total: number | undefined
      const loop = {
        session,
        task,
        train,
        validation,
        normalization,
        recipe,
        seed,
        progress,
        signal,
      }
      for await (const event of trainingLoop(loop)) {
        if (event.kind === 'epoch') {
          await tell(event)
          continue
        }
        const { metrics, step, seconds } = event
        // The mean of the epoch so far, less what it was before; the first after a pause has that only.
        const before = step === 1 ? 0 : total
        total = metrics.loss * step
        const loss = before === undefined ? metrics.loss : total - before
        await tell({ kind: 'step', step: progress.step, steps: perEpoch * epochs, loss, seconds })
      }
      return { isDone: progress.history.length >= epochs }
    },
    classify: async image => {
      const shape = [3, size, size] as const
      const open = await openPageImage(image)
      const pixels = await open.read(center(open, shape), shape)
      const images = new Float32Array(recipe.batch * pixels.length)
      images.set(normalized(pixels, shape, normalization))
      const { logits } = await session.infer(images)
      return softmax(logits.data.subarray(0, classes.length))
    },
    trained: async () => ({ card, model, tensors: await session.weights(true) }),
    close: () => session.dispose(),
  }
}
