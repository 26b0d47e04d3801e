/** `steps.jsonl` of a run: a line for every step, for whoever looks on. */

import { constants } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../errors/index.ts'
import { disk, exists, readText, writeFileAtomic } from '../platform/node/files.ts'
import type { Metrics } from '../tasks/task.ts'
import type { StepEvent } from '../train/loop.ts'
import { RUN_FILES } from './runFolder.ts'
import type { TaskTrainOptions } from './trainOptions.ts'

/** Milliseconds for which lines wait for others; those of an epoch's end do not. */
const GROUP = 250
/** About a million steps. */
const LARGEST = 1e8

const stepRowSchema = z.looseObject({
  /** Steps of the training, this one included. */
  step: z.number().int().positive(),
  /** The same in epochs: 1.5 is in the middle of the second. */
  epoch: z.number(),
  /** Mean over the images of the step, as that of epochs is. */
  loss: z.number(),
  /** The learning rate. */
  rate: z.number(),
  /** Seconds since the step before, with all that happened between them, such as an evaluation. */
  seconds: z.number(),
})
/** One step, as it is written down: also the task's own metric, such as `top1`, under its name. */
export type StepRow = z.infer<typeof stepRowSchema>

/** What a line says; undefined where it was cut off in the middle, or says something else. */
export const readStepRow = (line: string): StepRow | undefined => {
  try {
    return stepRowSchema.safeParse(JSON.parse(line)).data
  } catch {
    return undefined
  }
}

/** Six digits are what a float32 knows. */
const rounded = (value: number): number => Number(value.toPrecision(6))

/** Where the log goes on: after how many steps, with what the epoch under way has measured. */
interface Position {
  readonly step: number
  readonly metrics: Metrics
}

/** The lines of a training's steps. One that cannot be written is said once, and lost. */
export class StepLog {
  readonly #path: string
  readonly #metric: string
  readonly #warn: (message: string) => void
  #waiting: string[] = []
  #flushedAt = performance.now()
  #steppedAt: number | undefined
  /** Means over the epoch so far, before the next step. */
  #before: Metrics = { loss: 0 }
  #failed = false

  constructor({ folder, task, onWarning = () => {} }: TaskTrainOptions) {
    this.#path = join(folder, RUN_FILES.steps)
    this.#metric = task.best.metric
    this.#warn = onWarning
  }

  /** Goes on after a step: the lines of later ones, which are trained again, are removed. */
  async rewind({ step, metrics }: Position): Promise<void> {
    this.#before = metrics
    if (!(await exists(this.#path))) return
    await this.#orWarn(async () => {
      const text = await readText(this.#path, LARGEST).catch(() => '')
      const lines = text.split('\n')
      const end = lines.findIndex(line => !((readStepRow(line)?.step ?? Infinity) <= step))
      await writeFileAtomic(
        this.#path,
        lines
          .slice(0, end)
          .map(line => `${line}\n`)
          .join(''),
      )
    })
  }

  /** Adds a step; it is written with those of the same quarter of a second. */
  async add({ epoch, step, steps, metrics, learningRate, seconds }: StepEvent): Promise<void> {
    const now = performance.now()
    /** Of the step alone, out of the means before and after it. */
    const own = (name: string): number =>
      step === 1 ? metrics[name] : step * metrics[name] - (step - 1) * this.#before[name]
    const row: StepRow = {
      step: (epoch - 1) * steps + step,
      epoch: rounded(epoch - 1 + step / steps),
      loss: rounded(own('loss')),
      ...(this.#metric in metrics ? { [this.#metric]: rounded(own(this.#metric)) } : {}),
      rate: rounded(learningRate),
      seconds: rounded(this.#steppedAt === undefined ? seconds : (now - this.#steppedAt) / 1000),
    }
    this.#steppedAt = now
    this.#before = metrics
    this.#waiting.push(`${JSON.stringify(row)}\n`)
    if (now - this.#flushedAt >= GROUP || step === steps) await this.flush()
  }

  /** Writes what waits. It is not synced: a power loss may take the last seconds of a curve. */
  async flush(): Promise<void> {
    const lines = this.#waiting
    this.#waiting = []
    this.#flushedAt = performance.now()
    if (lines.length === 0) return
    await this.#orWarn(async () => {
      const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants
      const file = await disk.open(this.#path, O_APPEND | O_CREAT | O_NONBLOCK | O_WRONLY)
      await file.writeFile(lines.join('')).finally(() => file.close())
    })
  }

  /** A training does not end for a curve. */
  async #orWarn(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (cause) {
      if (!this.#failed) this.#warn(`${RUN_FILES.steps} not written: ${messageOf(cause)}`)
      this.#failed = true
    }
  }
}
