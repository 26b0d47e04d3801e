/** One training from its configuration to `model.onnx`, in the folder of a run. */

import { join } from 'node:path'
import type { Dataset } from '../data/dataset.ts'
import type { BadImage, BadImagePolicy } from '../data/folder/bad.ts'
import type { FolderReport } from '../data/folder/imageFolder.ts'
import { measureNormalization } from '../data/normalization.ts'
import { type AvailableEngine, openEngine } from '../engines/registry.ts'
import { checkAlike } from '../machines/alike.ts'
import { alone } from '../machines/communicator.ts'
import { inferenceGraph } from '../models/inferenceGraph.ts'
import { type Model, networkOf } from '../models/registry.ts'
import { init } from '../nn/index.ts'
import { writeFileAtomic } from '../platform/node/files.ts'
import { VERSION } from '../platform/node/version.ts'
import { CLASSIFICATION } from '../tasks/registry.ts'
import type { Metrics, Task } from '../tasks/task.ts'
import type { Config } from '../train/config.ts'
import { bestRow, type EpochRow } from '../train/epochRow.ts'
import { fewSteps } from '../train/fewSteps.ts'
import { frozenBy } from '../train/freeze.ts'
import { layoutsOf } from '../train/layout.ts'
import { sgd } from '../train/optimizers.ts'
import { trainingStep } from '../train/step.ts'
import { taskOf } from '../train/taskOf.ts'
import { conditionsOf } from './environment.ts'
import { openEventFile } from './eventFile.ts'
import { type FirstWeights, readFirstWeights } from './firstWeights.ts'
import { type Adopted, adoptInto, continued } from './initialWeights.ts'
import { createRun, RUN_FILES } from './runFolder.ts'
import { checkData, train } from './trainer.ts'
import type { TrainOptions } from './trainOptions.ts'
import { checkedOnnx, writeOnnx } from './writeOnnx.ts'

const INITIALIZERS = { he: init.heNormal, pytorch: init.torchDefault }

/** What was done about images that could not be decoded, training and test together. */
export interface BadReport {
  readonly policy: BadImagePolicy
  readonly checked: number
  readonly count: number
  readonly fraction: number
  readonly images: readonly BadImage[]
}

/** What is known when the first step is about to be made. */
export interface Started {
  readonly config: Config
  readonly engine: AvailableEngine
  /** What was taken from a file of first weights. */
  readonly transferred: Adopted | undefined
  readonly badImages: BadReport | undefined
}

type Callbacks = Pick<TrainOptions, 'onStep' | 'onEpoch' | 'onWarning' | 'communicator'>

/** What a training needs, and who is told as it goes. */
export interface LaunchOptions extends Callbacks {
  readonly config: Config
  readonly folder: string
  readonly train: Dataset
  /** Evaluated at the end of every epoch; decides which epoch is the best. */
  readonly validation: Dataset
  /** Measured once, when training has finished, where it is not what was evaluated all along. */
  readonly test?: Dataset | undefined
  /** What of a folder is not used. */
  readonly report?: FolderReport | undefined
  /** The network, where the configuration's names are not enough to build it. */
  readonly network?: Model | undefined
  /** What the network is trained for; classification by the recipe unless given. */
  readonly task?: Task | undefined
  /** The weights that the configuration names, where they are read already. */
  readonly firstWeights?: FirstWeights | undefined
  readonly resume?: 'exact' | 'compatible' | undefined
  readonly saveEvery?: number | undefined
  /** Whether each epoch goes into an event file of TensorBoard, too. */
  readonly tensorboard?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  onStart?(started: Started): void
}

/** How the best weights do on the test images, which decided nothing. */
export interface TestResult {
  /** How many images were measured. */
  readonly images: number
  readonly metrics: Metrics
}

/** What a training has come to. */
export interface Run {
  readonly folder: string
  /** What computed it, with its version. */
  readonly engine: string
  /** False when the signal stopped it. */
  readonly finished: boolean
  readonly best: EpochRow | undefined
  readonly history: readonly EpochRow[]
  /** Where there are test images besides those of validation, once training has finished. */
  readonly test?: TestResult
  /** The exported network, once training has finished. */
  readonly onnx?: string
  /** What was skipped or replaced, where that was asked for. */
  readonly badImages?: BadReport
}

const badReport = ({
  config: { badImages: policy },
  report,
}: LaunchOptions): BadReport | undefined => {
  if (policy === undefined || report === undefined || report.checked === 0) return undefined
  const { checked, bad: images } = report
  const { length: count } = images
  return { policy, checked, count, fraction: count / checked, images }
}

/** The network to train: what was given or is written down, begun as the recipe has it. */
const networkFor = ({ train, network }: LaunchOptions, config: Config): Model => {
  const initialize = INITIALIZERS[config.recipe.initialize]
  if (network === undefined)
    return networkOf(config, {
      classes: train.classes.length,
      channels: train.shape[0],
      initialize,
    })
  const { beginning } = network
  return beginning === undefined ? network : { ...network, network: beginning(initialize) }
}

/**
 * Trains in a new folder, or goes on in one that has a run. Of several processes the first writes.
 * @throws MachineError where another process failed, or is about to do something else
 */
export const launch = async (options: LaunchOptions): Promise<Run> => {
  const { folder, resume, saveEvery, signal, communicator = alone } = options
  const given = options.config
  const weights =
    given.weights !== undefined && resume === undefined
      ? (options.firstWeights ?? (await readFirstWeights(given.weights, { model: given.model })))
      : undefined
  const task = options.task ?? taskOf(given, options.train)
  const config: Config = {
    ...(weights === undefined ? given : continued(given, weights)),
    ...(task.name === CLASSIFICATION ? {} : { task: task.name }),
  }
  const network = networkFor(options, config)
  const { classes, shape, fingerprint } = options.train
  const transferred = weights === undefined ? undefined : adoptInto(network, weights, classes)
  const transferAgain = async (): Promise<Adopted> =>
    adoptInto(
      network,
      await readFirstWeights(config.weights as string, { model: config.model }),
      classes,
    )
  const engine = await openEngine(config.engine)
  if (config.freeze !== undefined) frozenBy(network, config.freeze)
  const normalization = config.normalization ?? (await measureNormalization(options.train))
  checkData(options)
  layoutsOf(network.network)
  inferenceGraph(network, 1, [shape[1], shape[2]])
  // A network that cannot be trained for the task says so before there is a folder.
  trainingStep({ network: network.network, task, images: [2, ...shape], optimizer: sgd() })
  const { threads: _, ...same } = config
  await checkAlike(communicator, {
    version: VERSION,
    engine: `${engine.name} ${engine.version}`,
    images: fingerprint,
    configuration: JSON.stringify(same),
  })
  const badImages = badReport(options)
  const { leftOut = {} } = options.report ?? {}
  await communicator.onFirst(async () => {
    if (resume === undefined) await createRun(folder, config)
    if (badImages === undefined && Object.keys(leftOut).length === 0) return
    const found = { ...badImages, leftOut }
    await writeFileAtomic(join(folder, RUN_FILES.bad), `${JSON.stringify(found, null, 2)}\n`)
  })
  options.onStart?.({ config, engine, transferred, badImages })
  if (resume === undefined && task.name === 'regression' && config.recipe.augment.flip)
    options.onWarning?.(
      'images are mirrored, their numbers are not: leave it out (`recipe.augment.flip`) if they depend on left and right',
    )
  const warning = resume === undefined && fewSteps(config, options.train.labels.length)
  if (warning) options.onWarning?.(warning)
  for (const note of weights?.notes ?? []) options.onWarning?.(note)
  const { validation } = options
  const writesEvents = options.tensorboard && communicator.rank === 0
  const addEvent = writesEvents ? await openEventFile(folder) : undefined
  const test = options.test === validation ? undefined : options.test
  const { history, finished, best, ...measured } = await train({
    config,
    model: network,
    task,
    train: options.train,
    validation,
    test,
    normalization,
    engine: engine.engine,
    conditions: conditionsOf(config.threads, engine, fingerprint, communicator.size),
    folder,
    ...(config.weights === undefined
      ? {}
      : { firstWeights: async () => (transferred ?? (await transferAgain())).tensors }),
    resume,
    saveEvery,
    signal,
    communicator,
    onStep: options.onStep,
    onEpoch: async (row, epochs) => {
      await addEvent?.(row)
      await options.onEpoch?.(row, epochs)
    },
    onWarning: options.onWarning,
  })
  const onnx = join(folder, RUN_FILES.onnx)
  if (finished && best !== undefined) await writeOnnx(onnx, await checkedOnnx(best))
  const tested = test && measured.test && { images: test.labels.length, metrics: measured.test }
  if (tested && communicator.rank === 0)
    await writeFileAtomic(join(folder, RUN_FILES.test), `${JSON.stringify(tested)}\n`)
  return {
    folder,
    engine: `${engine.name} ${engine.version}`,
    finished,
    best: bestRow(history, task.best),
    history,
    ...(tested ? { test: tested } : {}),
    ...(finished ? { onnx } : {}),
    ...(badImages === undefined ? {} : { badImages }),
  }
}
