/** One training from its configuration to `model.onnx`, in a run folder, shown as it goes. */

import { join } from 'node:path'
import { type Dataset, measureNormalization } from '../data/dataset.ts'
import type { BadImage, BadImagePolicy } from '../data/folder/bad.ts'
import { openDevice } from '../engines/registry.ts'
import { inferenceGraph } from '../models/inferenceGraph.ts'
import { networkOf } from '../models/registry.ts'
import { he, pytorch } from '../nn/index.ts'
import { writeFileAtomic } from '../platform/node/files.ts'
import { conditionsOf } from '../runs/environment.ts'
import { type Adopted, adoptInto, continued, readFirstWeights } from '../runs/initialWeights.ts'
import { bestRow, type EpochRow } from '../runs/progress.ts'
import { createRun, RUN_FILES } from '../runs/runFolder.ts'
import { checkData, train } from '../runs/trainer.ts'
import type { Config } from '../train/config.ts'
import { frozenBy } from '../train/freeze.ts'
import { checkSize } from '../train/layout.ts'
import { checkExport, exportOnnx } from '../weights/export.ts'
import { deviceText } from './deviceOption.ts'
import { count } from './output.ts'
import type { TrainDisplay } from './trainDisplay.ts'

const INITIALIZERS = { he, pytorch }

export interface RunTrainingOptions {
  readonly config: Config
  readonly folder: string
  readonly train: Dataset
  readonly test: Dataset
  readonly display: TrainDisplay
  readonly resume?: 'exact' | 'compatible'
  readonly saveEvery?: number
  readonly signal?: AbortSignal
}

/** What was done about bad images, training and test together. */
export interface BadReport {
  readonly policy: BadImagePolicy
  readonly checked: number
  readonly count: number
  readonly fraction: number
  readonly images: readonly BadImage[]
}

export interface RunResult {
  readonly run: string
  readonly device: string
  readonly finished: boolean
  readonly best: EpochRow | undefined
  readonly history: readonly EpochRow[]
  /** The exported network, once training has finished. */
  readonly onnx?: string
  /** What was skipped or replaced, where that was asked for. */
  readonly badImages?: BadReport
}

const badReport = ({
  config: { badImages: policy },
  train,
  test,
}: RunTrainingOptions): BadReport | undefined => {
  const found = [train, test].flatMap(({ bad }) => bad ?? [])
  if (policy === undefined || found.length === 0) return undefined
  const checked = found.reduce((sum, { checked }) => sum + checked, 0)
  const images = found.flatMap(({ images }) => images)
  const { length: count } = images
  return { policy, checked, count, fraction: count / checked, images }
}

export const runTraining = async (options: RunTrainingOptions): Promise<RunResult> => {
  const { folder, display, resume, saveEvery, signal } = options
  const [channels, height, width] = options.train.shape
  const given = options.config
  const weights =
    given.weights !== undefined && resume === undefined
      ? await readFirstWeights(given.weights)
      : undefined
  const config: Config = weights === undefined ? given : continued(given, weights)
  const network = networkOf(config, {
    classes: options.train.classes.length,
    channels,
    initialize: INITIALIZERS[config.recipe.initialize],
  })
  const adopted =
    weights === undefined ? undefined : adoptInto(network, weights, options.train.classes)
  const adoptAgain = async (): Promise<Adopted> =>
    adoptInto(network, await readFirstWeights(config.weights as string), options.train.classes)
  const device = await openDevice(config.device)
  if (config.freeze !== undefined) frozenBy(network, config.freeze)
  const normalization = config.normalization ?? (await measureNormalization(options.train))
  const conditions = conditionsOf(config, device.version, options.train.fingerprint)
  checkData(options)
  checkSize(network.network)
  inferenceGraph(network, 1, [height, width])
  if (resume === undefined) await createRun(folder, config)
  const { labels, shape, classes } = options.train
  display.line(
    `${config.model}${config.attention ? ` with ${config.attention}` : ''} on ${config.data}: ${count(labels.length)} images of ${shape.join('×')}, ${classes.length} classes; ${count(options.test.labels.length)} to test; ${deviceText(device)}, ${config.threads ?? 'all'} thread${config.threads === 1 ? '' : 's'} → ${folder}`,
  )
  if (adopted !== undefined)
    display.line(
      `${count(adopted.tensors.size)} tensors from ${config.weights}${adopted.fresh.length === 0 ? '' : `; new: ${adopted.fresh.slice(0, 4).join(', ')}${adopted.fresh.length > 4 ? `, … (${adopted.fresh.length})` : ''}`}`,
    )
  const bad = badReport(options)
  if (bad !== undefined)
    await writeFileAtomic(join(folder, RUN_FILES.bad), `${JSON.stringify(bad, null, 2)}\n`)
  if (bad !== undefined && bad.count > 0)
    display.line(
      `${count(bad.count)} of ${count(bad.checked)} images are bad (${bad.policy}), listed in ${join(folder, RUN_FILES.bad)}; the first: ${bad.images[0].file}: ${bad.images[0].reason}`,
    )
  const result = await train({
    config,
    model: network,
    train: options.train,
    test: options.test,
    normalization,
    engine: device.engine,
    conditions,
    folder,
    ...(config.weights === undefined
      ? {}
      : { firstWeights: async () => (adopted ?? (await adoptAgain())).tensors }),
    ...(resume === undefined ? {} : { resume }),
    ...(saveEvery === undefined ? {} : { saveEvery }),
    ...(signal === undefined ? {} : { signal }),
    onStep: display.step,
    onEpoch: display.epoch,
    onWarning: display.line,
  })
  display.clear()
  const { history, finished, best } = result
  const onnx = join(folder, RUN_FILES.onnx)
  if (finished && best !== undefined) {
    const bytes = exportOnnx(best)
    await checkExport(bytes, best)
    await writeFileAtomic(onnx, bytes)
  }
  return {
    run: folder,
    device: deviceText(device),
    finished,
    best: bestRow(history),
    history,
    ...(finished ? { onnx } : {}),
    ...(bad === undefined ? {} : { badImages: bad }),
  }
}
