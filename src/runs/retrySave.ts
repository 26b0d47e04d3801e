/** Saves that fail: a training goes on with what was saved before and tries again, but not for ever. */

import { FileError } from '../errors/index.ts'

/** So many saves may fail one after another; then a training is not worth its time. */
const MOST_FAILED = 3

/**
 * A save that may fail, with a warning.
 * @returns what throws a FileError when it has failed three times in a row
 */
export const patient = (
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
      const { where, expected, got, context, hint } = error
      const many = `save ${failed} of ${MOST_FAILED} in a row that failed`
      if (failed === MOST_FAILED)
        throw new FileError(
          {
            where,
            expected,
            got,
            context: context === undefined ? many : `${context}; ${many}`,
            hint: `${hint ?? 'Look at that disk'}; the checkpoints from before are whole`,
          },
          { cause: error },
        )
      warn?.(`not saved, to be tried again (${many}): ${error.message}`)
    }
  }
}
