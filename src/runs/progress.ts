/** Where a training stands: what a checkpoint remembers besides the weights. */

import { z } from 'zod'
import { FileError, messageOf } from '../errors/index.ts'

const sums = z.strictObject({
  loss: z.number(),
  top1: z.number(),
  top5: z.number(),
  count: z.number(),
})

/** One finished epoch; `epoch` counts from 1, accuracies are fractions. */
export const epochRowSchema = z.strictObject({
  epoch: z.number(),
  learningRate: z.number(),
  trainLoss: z.number(),
  trainTop1: z.number(),
  testLoss: z.number(),
  testTop1: z.number(),
  testTop5: z.number(),
  seconds: z.number(),
  /** Of these, how many the step waited for its images; earlier runs did not measure it. */
  waiting: z.number().optional(),
})
export type EpochRow = z.infer<typeof epochRowSchema>

const progressSchema = z.strictObject({
  /** Steps done. */
  step: z.number(),
  /** Sums over the steps of the epoch that is under way. */
  sums,
  /** Seconds spent in it, and of these waiting for images. */
  seconds: z.number(),
  waiting: z.number().optional(),
  history: z.array(epochRowSchema),
  /** What must be the same for a resumed run to give the same bits. */
  conditions: z.record(z.string(), z.string()),
})
export type Progress = z.infer<typeof progressSchema>

export const writeProgress = (progress: Progress): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(progress, null, 2))

/** @throws FileError when the bytes are not what `writeProgress` wrote */
export const readProgress = (bytes: Uint8Array, file: string): Progress => {
  try {
    return progressSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
  } catch (cause) {
    throw new FileError(
      {
        where: file,
        expected: 'the progress of a training',
        got: messageOf(cause),
      },
      { cause },
    )
  }
}

/** The epoch with the highest test accuracy, the first of equals. */
export const bestRow = (history: readonly EpochRow[]): EpochRow | undefined =>
  history.reduce<EpochRow | undefined>(
    (best, row) => (best === undefined || row.testTop1 > best.testTop1 ? row : best),
    undefined,
  )
