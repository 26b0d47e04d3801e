/** Training and resuming, as a program asks for it: a network, images, and where the run goes. */

import { basename, join } from 'node:path'
import type { Images } from '../data/openImages.ts'
import { openEngine } from '../engines/registry.ts'
import { UsageError } from '../errors/index.ts'
import { defaultThreads } from '../machines/threads.ts'
import { type Model, recordOf } from '../models/registry.ts'
import type { Metrics, Task } from '../tasks/task.ts'
import { checkConfig, type Recipe } from '../train/config.ts'
import { type EpochRow, metricsOf } from '../train/epochRow.ts'
import { linearRateNote, type RecipeChanges, recipeFrom } from '../train/recipeChanges.ts'
import { defaultRecipe, type RecipeName } from '../train/recipes.ts'
import { savedConfig } from './configure.ts'
import { extendRun } from './extendRun.ts'
import { readFirstWeights, weightsName } from './firstWeights.ts'
import { openImagesOf } from './images.ts'
import { type Run as Launched, launch } from './launch.ts'
import { freeFolder } from './runFolder.ts'
import type { StepReport } from './trainOptions.ts'

/** One finished epoch. */
export interface EpochReport {
  /** From 1. */
  readonly epoch: number
  /** The rate at the end of the epoch. */
  readonly learningRate: number
  /** Over the steps of the epoch, augmentation included. */
  readonly training: Metrics
  /** Over all images of validation, by the weights at the epoch's end. */
  readonly validation: Metrics
  /** How long its steps took. */
  readonly seconds: number
}

/** A training that has ended, or was stopped. */
export interface Run extends Omit<Launched, 'best' | 'history'> {
  /** The epoch that did best on the images of validation; its weights are the run's. */
  readonly best: EpochReport | undefined
  /** Every finished epoch. */
  readonly history: readonly EpochReport[]
}

/** Who is told as a training goes, and what ends it. */
interface Following {
  /** What the network is trained for; classification by the recipe unless given. */
  readonly task?: Task | undefined
  /** What computes; the fastest that is here unless given. */
  readonly engine?: string | undefined
  /** Threads to compute with; one per core unless given. */
  readonly threads?: number | undefined
  /** Saves at least this often, in seconds, besides after each epoch. */
  readonly saveEvery?: number | undefined
  /** Whether each epoch goes into an event file of TensorBoard, too. */
  readonly tensorboard?: boolean | undefined
  /** Stops after the step under way, and saves. */
  readonly signal?: AbortSignal | undefined
  readonly onStep?: ((report: StepReport) => void) | undefined
  readonly onEpoch?: ((report: EpochReport) => void) | undefined
  readonly onWarning?: ((message: string) => void) | undefined
}

/** How a network is trained: the fields of a recipe, and what no recipe says. */
export interface TrainOptions extends Following, RecipeChanges {
  /** Where the values come from that are not given here: a name, or a whole recipe. */
  readonly recipe?: RecipeName | Recipe | undefined
  /** The folder of the run, which must have none yet; `runs/NETWORK-IMAGES` unless given. */
  readonly out?: string | undefined
  /** Decides first weights, order and augmentation. */
  readonly seed?: number | undefined
  /**
   * First weights: a file of Excite, PyTorch or another program, the folder of a run, or `owner/name`
   * of the Hugging Face hub, fetched once.
   */
  readonly weights?: string | undefined
  /** Whether weights of the hub are only those that were fetched before. */
  readonly offline?: boolean | undefined
  /** Patterns of parameters that stay as they are: `backbone`, `layer1,layer2`, `!gct`. */
  readonly freeze?: string | undefined
  /** The epoch from which they are trained too. */
  readonly unfreezeAt?: number | undefined
}

const reportOf = (row: EpochRow): EpochReport => ({
  epoch: row.epoch,
  learningRate: row.learningRate,
  training: metricsOf('train', row),
  validation: metricsOf('test', row),
  seconds: row.seconds,
})

const runOf = ({ best, history, ...run }: Launched): Run => ({
  ...run,
  best: best && reportOf(best),
  history: history.map(reportOf),
})

const checkFit = ({ name, classes, channels }: Model, { train }: Images): void => {
  const [own] = train.shape
  if (classes === train.classes.length && channels === own) return
  throw new UsageError({
    where: `network ${name}`,
    expected: `${train.classes.length} classes and ${own} channels, as the images have`,
    got: `${classes} and ${channels}`,
    hint: 'Build it with { classes: images.classes.length, channels: images.train.shape[0] }',
  })
}

/**
 * Trains a network to the end, or until the signal, and exports it as `model.onnx`.
 * @throws UsageError for options that cannot be, or a folder that has a run. DivergenceError when a
 * loss or gradient is not finite; the last checkpoint stays
 */
export const train = async (
  network: Model,
  images: Images,
  options: TrainOptions = {},
): Promise<Run> => {
  const { engine, threads = defaultThreads(), out, seed = 0, weights, offline, ...rest } = options
  const {
    freeze,
    unfreezeAt,
    saveEvery,
    tensorboard,
    signal,
    onStep,
    onEpoch,
    onWarning,
    task,
    ...recipe
  } = rest
  const { recipe: base = defaultRecipe(network.task), ...changes } = recipe
  checkFit(network, images)
  const record = images.record ?? { data: images.train.name }
  const config = checkConfig(
    {
      ...recordOf(network),
      ...record,
      task: task?.name,
      weights: weights === undefined ? undefined : weightsName(weights),
      freeze,
      unfreezeAt,
      seed,
      engine: (await openEngine(engine)).name,
      threads,
      recipe: recipeFrom(base, changes),
    },
    'options',
  )
  const note = linearRateNote(base, config.recipe)
  if (note) onWarning?.(note)
  const firstWeights =
    weights === undefined
      ? undefined
      : await readFirstWeights(weights, { model: network.name, offline })
  const folder = out ?? freeFolder(join('runs', `${network.name}-${basename(record.data)}`))
  return runOf(
    await launch({
      config,
      folder,
      network,
      firstWeights,
      task,
      train: images.train,
      validation: images.validation,
      test: images.test,
      report: images.report,
      saveEvery,
      tensorboard,
      signal,
      onStep,
      onEpoch: onEpoch && (row => onEpoch(reportOf(row))),
      onWarning,
    }),
  )
}

/** How a run goes on. */
export interface ResumeOptions extends Following {
  /** The images that it was trained on; opened as they were unless given. */
  readonly images?: Images | undefined
  /** The network, where it holds code that is not registered. */
  readonly network?: Model | undefined
  /** Goes on even where the bits may differ: other threads, another engine or version. */
  readonly compatible?: boolean | undefined
  /** How many epochs in all, in place of what the run was begun with; finished runs go on, too. */
  readonly epochs?: number | undefined
}

/**
 * Goes on with a run from its newest checkpoint, to the same bits as if it had not been stopped; with
 * other `epochs`, by the schedule of so many from there.
 * @throws UsageError when there is no run, or the environment is another one
 */
export const resume = async (folder: string, options: ResumeOptions = {}): Promise<Run> => {
  const { network, task, compatible, saveEvery, tensorboard, signal, onStep, onEpoch, onWarning } =
    options
  if (options.epochs !== undefined) await extendRun(folder, options.epochs)
  const config = await savedConfig(folder, options)
  const opened = options.images === undefined ? await openImagesOf(config) : undefined
  const images = options.images ?? (opened as Images)
  try {
    if (network !== undefined) checkFit(network, images)
    return runOf(
      await launch({
        config,
        folder,
        network,
        task,
        train: images.train,
        validation: images.validation,
        test: images.test,
        report: images.report,
        resume: compatible ? 'compatible' : 'exact',
        saveEvery,
        tensorboard,
        signal,
        onStep,
        onEpoch: onEpoch && (row => onEpoch(reportOf(row))),
        onWarning,
      }),
    )
  } finally {
    await opened?.close()
  }
}
