/** What a training leaves in the folder of its run: metrics, weights and checkpoints. */

import { join } from 'node:path'
import { stepsPerEpoch } from '../data/loader.ts'
import { readRequired, writeFileAtomic } from '../platform/node/files.ts'
import type { TaskMemory } from '../tasks/task.ts'
import { bestRow, type EpochRow } from '../train/epochRow.ts'
import type { Progress, StepEvent } from '../train/loop.ts'
import type { TrainingSession } from '../train/session.ts'
import { type Card, readTrained, type Trained, writeTrained } from '../weights/trained.ts'
import type { Checkpoints } from './checkpoints.ts'
import { checkConditions } from './environment.ts'
import { checkLocked } from './lock.ts'
import { mendWeights, newestState, type Restored } from './restore.ts'
import { retrySave } from './retrySave.ts'
import { RUN_FILES, writeMetrics } from './runFolder.ts'
import { StepLog } from './stepLog.ts'
import { writeSaved } from './trainingState.ts'
import type { TaskTrainOptions } from './trainOptions.ts'

/** How many checkpoints stay, besides the best. */
const CHECKPOINTS_KEPT = 2
const SAVE_EVERY_SECONDS = 300

const cardOf = (
  { config, task, train, normalization }: TaskTrainOptions,
  memory: TaskMemory | undefined,
): Card => {
  const { model, attention, variations, custom } = config
  const [channels, height, width] = train.shape
  const { classes, cropPct, background } = train
  const { mean, std } = normalization
  return {
    model,
    attention,
    variations,
    custom,
    task: task.name === 'classification' ? undefined : task.name,
    output: task.output === 'logits' ? undefined : task.output,
    ...task.memory,
    ...memory,
    classes: [...classes],
    channels,
    height,
    width,
    cropPct,
    background,
    mean: [...mean],
    std: [...std],
  }
}

/** Saves a training as it goes, and restores it from its newest checkpoint. */
export class RunSaver {
  readonly #options: TaskTrainOptions
  readonly #session: TrainingSession
  readonly #checkpoints: Checkpoints
  readonly #progress: Progress
  readonly #trySave: () => Promise<void>
  readonly #steps: StepLog
  #savedAt = performance.now()
  /** Weights that are to be written besides the next checkpoint, by the names of their files. */
  readonly #unwritten = new Map<string, Uint8Array>()

  constructor(
    options: TaskTrainOptions,
    session: TrainingSession,
    checkpoints: Checkpoints,
    progress: Progress,
  ) {
    this.#options = options
    this.#session = session
    this.#checkpoints = checkpoints
    this.#progress = progress
    this.#trySave = retrySave(() => this.save(), options.onWarning)
    this.#steps = new StepLog(options)
  }

  /** Logs a step, and saves after it where that is due; a save that fails is tried again later. */
  async afterStep(event: StepEvent): Promise<void> {
    await this.#steps.add(event)
    const { saveEvery = SAVE_EVERY_SECONDS, signal } = this.#options
    if (signal?.aborted) return
    if (performance.now() - this.#savedAt > saveEvery * 1000) await this.#saveNow()
  }

  /** Saves after an epoch, its weights included. */
  async afterEpoch(row: EpochRow): Promise<void> {
    const weights = writeTrained(await this.#trained(true))
    this.#unwritten.set(RUN_FILES.last, weights)
    if (this.#best() === row) this.#unwritten.set(RUN_FILES.best, weights)
    await this.#saveNow()
  }

  /** @throws FileError where something cannot be written; UsageError where the run was taken over */
  async save(): Promise<void> {
    const { folder, conditions } = this.#options
    await checkLocked(folder)
    const { step, metrics, seconds, waiting, history } = this.#progress
    await this.#steps.flush()
    for (const [name, bytes] of this.#unwritten) await writeFileAtomic(join(folder, name), bytes)
    this.#unwritten.clear()
    const sums = { ...metrics.gathered() }
    const state = { step, sums, seconds, waiting, history, conditions: { ...conditions } }
    await this.#checkpoints.save(
      writeSaved(await this.#trained(false), await this.#session.slots(), state),
    )
    // After the checkpoint: a finished epoch without any is then known to have been taken away.
    await writeMetrics(folder, history)
    // A checkpoint from before the last epoch's end knows another best.
    const known = [this.#best(), this.#best(history.slice(0, -1))]
    const kept = known.flatMap(best => (best ? [best.epoch * this.#restored.stepsPerEpoch] : []))
    await this.#checkpoints.prune(CHECKPOINTS_KEPT, kept)
  }

  /**
   * Goes on from the newest checkpoint.
   * @returns false where there is none: the training begins anew
   */
  async restore(compatible: boolean): Promise<boolean> {
    const { folder, conditions, onWarning } = this.#options
    const found = await newestState(this.#restored, ({ weights, slots }) =>
      this.#session.restore(weights, slots),
    )
    if (found === undefined) {
      await this.#steps.rewind({ step: 0, metrics: { loss: 0 } })
      return false
    }
    const { progress: saved } = found
    const differences = checkConditions(saved.conditions, conditions, compatible)
    if (differences.length > 0)
      onWarning?.(`going on within rounding, no longer bit for bit: ${differences.join('; ')}`)
    const { step, seconds, waiting = 0, sums, history } = saved
    Object.assign(this.#progress, { step, seconds, waiting, memory: found.memory })
    this.#progress.metrics.merge(sums)
    this.#progress.history.push(...history)
    await this.#steps.rewind({ step, metrics: this.#progress.metrics.metrics() })
    await writeMetrics(folder, history)
    const best = this.#best()
    if (best === undefined) return true
    await mendWeights('best', best.epoch, this.#restored)
    await mendWeights('last', history.length, this.#restored)
    return true
  }

  /** Writes the steps that wait to be written: of a training that diverges, the last are of interest. */
  close(): Promise<void> {
    return this.#steps.flush()
  }

  /** The network with the weights of the best epoch, where one has ended. */
  async best(): Promise<Trained | undefined> {
    if (this.#best() === undefined) return undefined
    const path = join(this.#options.folder, RUN_FILES.best)
    return readTrained(await readRequired(path), path, this.#options.model)
  }

  get #restored(): Restored {
    const { folder, model, train, config, onWarning } = this.#options
    return {
      folder,
      model,
      card: cardOf(this.#options, undefined),
      stepsPerEpoch: stepsPerEpoch(train, config.recipe.batch),
      checkpoints: this.#checkpoints,
      warn: onWarning,
    }
  }

  #best(history: readonly EpochRow[] = this.#progress.history): EpochRow | undefined {
    return bestRow(history, this.#options.task.best)
  }

  async #trained(averaged: boolean): Promise<Trained> {
    const tensors = await this.#session.weights(averaged)
    const card = cardOf(this.#options, this.#progress.memory)
    return { card, model: this.#options.model, tensors }
  }

  async #saveNow(): Promise<void> {
    try {
      await this.#trySave()
    } finally {
      this.#savedAt = performance.now()
    }
  }
}
