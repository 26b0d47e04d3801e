/** Saves that fail: a training goes on with what was saved before and tries again, but not for ever. */

import { FileError, SaveError } from '../errors/index.ts'

/** After so many failed saves in a row a training is not worth its time. */
const MAX_FAILED = 3

/**
 * A save that may fail, with a warning.
 * @returns what throws a SaveError when it has failed three times in a row
 */
export const retrySave = (
  save: () => Promise<void>,
  warn?: (message: string) => void,
): (() => Promise<void>) => {
  let failed = 0
  return async () => {
    try {
      await save()
      failed = 0
    } catch (error) {
      if (!(error instanceof FileError)) throw error
      failed++
      const attempt = `failed attempt ${failed} of ${MAX_FAILED}`
      if (failed < MAX_FAILED)
        return warn?.(`checkpoint not saved, will retry (${attempt}): ${error.message}`)
      const { where, expected, got, context, hint = 'Check the disk' } = error
      throw new SaveError(
        {
          where,
          expected,
          got,
          context: context === undefined ? attempt : `${context}; ${attempt}`,
          hint: `${hint}. Earlier checkpoints are intact`,
        },
        { cause: error },
      )
    }
  }
}
