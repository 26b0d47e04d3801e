/** The loop of a training: epochs of steps, each tested and saved; from where a checkpoint left it. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stepsPerEpoch, trainingBatches } from '../data/loader.ts'
import { writeFileAtomic } from '../platform/node/files.ts'
import { evaluate } from '../train/evaluate.ts'
import { addLogits, meanOf, noSums, type Sums } from '../train/metrics.ts'
import { learningRate } from '../train/schedule.ts'
import type { Session } from '../train/session.ts'
import { type Card, readTrained, type Trained, writeTrained } from '../weights/trained.ts'
import type { Checkpoints } from './checkpoints.ts'
import { checkConditions } from './environment.ts'
import { bestRow, type EpochRow, type Progress } from './progress.ts'
import { patient } from './retrySave.ts'
import { RUN_FILES, writeMetrics } from './runFolder.ts'
import { readSaved, writeSaved } from './trainingState.ts'
import type { TrainOptions, TrainResult } from './trainOptions.ts'

/** How many checkpoints stay, besides the best. */
const KEPT = 2

/** To a thousandth. */
const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000

/** Lets signals and timers in: a step blocks the event loop while it runs. */
const breathe = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** What changes during a training, and how it goes on from one state to the next. */
export class Loop {
  #step = 0
  #sums: Sums = noSums()
  #seconds = 0
  /** Of these, waiting for images. */
  #waiting = 0
  #history: EpochRow[] = []
  #saved = performance.now()
  /** What is to be written to the run's folder besides a checkpoint. */
  #unwritten = new Map<string, Uint8Array>()
  readonly #options: TrainOptions
  readonly #session: Session
  readonly #checkpoints: Checkpoints
  readonly #steps: number
  readonly #patiently: () => Promise<void>

  constructor(options: TrainOptions, session: Session, checkpoints: Checkpoints) {
    this.#options = options
    this.#session = session
    this.#checkpoints = checkpoints
    this.#steps = stepsPerEpoch(options.train, options.config.recipe.batch)
    this.#patiently = patient(() => this.#save(), options.onWarning)
  }

  async run(): Promise<TrainResult> {
    const { signal, config, resume, firstWeights } = this.#options
    const restored = resume !== undefined && (await this.#restore(resume === 'compatible'))
    if (!restored && firstWeights) this.#session.begin(await firstWeights())
    while (this.#history.length < config.recipe.epochs) {
      if (!(await this.#epoch())) break
      await this.#finishEpoch()
      if (signal?.aborted) break
    }
    await this.#save()
    return {
      history: this.#history,
      finished: this.#history.length >= config.recipe.epochs,
      best: await this.#best(),
    }
  }

  get #card(): Card {
    const { config, train, normalization } = this.#options
    const [channels, height, width] = train.shape
    return {
      model: config.model,
      ...(config.attention === undefined ? {} : { attention: config.attention }),
      ...(config.variations === undefined ? {} : { variations: config.variations }),
      ...(config.custom ? { custom: config.custom } : {}),
      classes: [...train.classes],
      channels,
      height,
      width,
      ...(train.cropPct === undefined ? {} : { cropPct: train.cropPct }),
      mean: [...normalization.mean],
      std: [...normalization.std],
    }
  }

  async #trained(averaged: boolean): Promise<Trained> {
    const tensors = await this.#session.weights(averaged)
    return { card: this.#card, model: this.#options.model, tensors }
  }

  #learningRate(): number {
    const { learningRate: base, schedule, warmUp, epochs } = this.#options.config.recipe
    return learningRate(base, schedule, warmUp, {
      step: this.#step,
      stepsPerEpoch: this.#steps,
      epochs,
      losses: this.#history.map(({ testLoss }) => testLoss),
    })
  }

  /** The steps of one epoch from where it stands; false when the signal came first. */
  async #epoch(): Promise<boolean> {
    const { config, train, normalization, signal } = this.#options
    const { recipe, seed } = config
    const epoch = this.#history.length
    const hold = config.freeze !== undefined && epoch + 1 < (config.unfreezeAt ?? Infinity)
    const frozen = epoch >= recipe.epochs - recipe.frozenEpochs
    const batches = trainingBatches(train, {
      batch: recipe.batch,
      seed,
      epoch,
      augmentation: recipe.augment,
      ...(recipe.sampling === undefined ? {} : { sampling: recipe.sampling }),
      ...(recipe.mixing === undefined ? {} : { mixing: recipe.mixing }),
      normalization,
      start: this.#step - epoch * this.#steps,
    })
    let before = performance.now()
    let asked = before
    for await (const batch of batches) {
      this.#waiting += (performance.now() - asked) / 1000
      const rate = this.#learningRate()
      const { logits } = await this.#session.step(batch, {
        step: this.#step,
        learningRate: rate,
        frozen,
        hold,
      })
      addLogits(this.#sums, logits, batch.labels, batch.count)
      this.#step++
      const now = performance.now()
      this.#seconds += (now - before) / 1000
      this.#report(rate, (recipe.batch * 1000) / (now - before))
      before = now
      await breathe()
      if (signal?.aborted) return this.#step === (epoch + 1) * this.#steps
      if (now - this.#saved > (this.#options.saveEvery ?? 300) * 1000) await this.#trySave()
      asked = performance.now()
    }
    return true
  }

  #report(rate: number, imagesPerSecond: number): void {
    const { loss, top1 } = meanOf(this.#sums)
    const epoch = Math.floor((this.#step - 1) / this.#steps)
    this.#options.onStep?.({
      epoch: epoch + 1,
      epochs: this.#options.config.recipe.epochs,
      step: this.#step - epoch * this.#steps,
      steps: this.#steps,
      loss,
      top1,
      learningRate: rate,
      batch: this.#options.config.recipe.batch,
      imagesPerSecond,
    })
  }

  async #finishEpoch(): Promise<void> {
    const { config, test, normalization, onEpoch } = this.#options
    const rate = this.#learningRate()
    const trained = meanOf(this.#sums)
    const tested = await evaluate(test, {
      batch: config.recipe.batch,
      normalization,
      infer: images => this.#session.infer(images),
    })
    const row: EpochRow = {
      epoch: this.#history.length + 1,
      learningRate: rate,
      trainLoss: trained.loss,
      trainTop1: trained.top1,
      testLoss: tested.loss,
      testTop1: tested.top1,
      testTop5: tested.top5,
      seconds: rounded(this.#seconds),
      waiting: rounded(this.#waiting),
    }
    this.#history.push(row)
    this.#sums = noSums()
    this.#seconds = 0
    this.#waiting = 0
    const weights = writeTrained(await this.#trained(true))
    this.#unwritten.set(RUN_FILES.last, weights)
    if (bestRow(this.#history) === row) this.#unwritten.set(RUN_FILES.best, weights)
    await this.#trySave()
    onEpoch?.(row, config.recipe.epochs)
  }

  /** Saves, or goes on with what was saved before and tries again later. */
  async #trySave(): Promise<void> {
    try {
      await this.#patiently()
    } finally {
      this.#saved = performance.now()
    }
  }

  async #save(): Promise<void> {
    const { folder } = this.#options
    const progress: Progress = {
      step: this.#step,
      sums: this.#sums,
      seconds: this.#seconds,
      waiting: this.#waiting,
      history: this.#history,
      conditions: { ...this.#options.conditions },
    }
    for (const [name, bytes] of this.#unwritten) await writeFileAtomic(join(folder, name), bytes)
    this.#unwritten.clear()
    await writeMetrics(folder, this.#history)
    const [trained, slots] = [await this.#trained(false), await this.#session.slots()]
    await this.#checkpoints.save(writeSaved(trained, slots, progress))
    const best = bestRow(this.#history)
    await this.#checkpoints.prune(KEPT, best === undefined ? [] : [best.epoch * this.#steps])
  }

  /** Takes over the newest checkpoint; without any, the run begins anew. */
  async #restore(compatible: boolean): Promise<boolean> {
    const { folder, conditions } = this.#options
    const found = await this.#checkpoints.latest(checkpoint =>
      readSaved(checkpoint, folder, this.#options.model),
    )
    if (found === undefined) return false
    const { progress, weights, slots } = found
    const differences = checkConditions(progress.conditions, conditions, compatible)
    if (differences.length > 0)
      this.#options.onWarning?.(
        `going on within rounding, no longer bit for bit: ${differences.join('; ')}`,
      )
    this.#session.restore(weights, slots)
    this.#step = progress.step
    this.#sums = { ...progress.sums }
    this.#seconds = progress.seconds
    this.#waiting = progress.waiting ?? 0
    this.#history = [...progress.history]
    await writeMetrics(folder, this.#history)
    return true
  }

  /** The weights in use now where the last epoch is the best; else those that were written then. */
  async #best(): Promise<Trained | undefined> {
    const { folder } = this.#options
    const best = bestRow(this.#history)
    if (best === undefined) return undefined
    const path = join(folder, RUN_FILES.best)
    return readTrained(await readFile(path), path, this.#options.model)
  }
}
