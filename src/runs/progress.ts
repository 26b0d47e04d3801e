/** Where a training stands, as a checkpoint remembers it besides the weights. */

import { z } from 'zod'
import { FileError } from '../errors/index.ts'
import { epochRowSchema } from '../train/epochRow.ts'

const progressSchema = z.strictObject({
  /** Steps done. */
  step: z.number(),
  /** What the task's metrics have gathered over the steps of the epoch that is under way. */
  sums: z.record(z.string(), z.union([z.number(), z.array(z.number()).readonly()])),
  /** Seconds spent in it, and of these waiting for images. */
  seconds: z.number(),
  waiting: z.number().optional(),
  history: z.array(epochRowSchema),
  /** What must be the same for a resumed run to give the same bits. */
  conditions: z.record(z.string(), z.string()),
})
export type SavedProgress = z.infer<typeof progressSchema>

export const writeProgress = (progress: SavedProgress): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(progress, null, 2))

/** @throws FileError when the bytes are not what `writeProgress` wrote */
export const readProgress = (bytes: Uint8Array, file: string): SavedProgress => {
  try {
    return progressSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))
  } catch (cause) {
    throw new FileError(
      {
        where: file,
        expected: 'the progress of a training',
        got: cause instanceof Error ? cause.message : String(cause),
      },
      { cause },
    )
  }
}
