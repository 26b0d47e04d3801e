/** More epochs for a run, or fewer than it was begun with: written into its configuration. */

import { join } from 'node:path'
import { UsageError } from '../errors/index.ts'
import { writeFileAtomic } from '../platform/node/files.ts'
import { checkConfig } from '../train/config.ts'
import { lockRun } from './lock.ts'
import { RUN_FILES, readMetrics, readRun } from './runFolder.ts'

/**
 * Changes the number of epochs of a run, which is then resumed. Finished epochs stay as they are; the
 * schedule is that of the new number from there: with a constant rate, or one that falls at plateaus,
 * the bits are those of a run of so many epochs from the start, with a cosine or milestones they are not.
 * @throws UsageError for no more epochs than are finished, or a run that another process trains
 */
export const extendRun = async (folder: string, epochs: number): Promise<void> => {
  const config = await readRun(folder)
  const { recipe, extended = [] } = config
  const { length: after } = await readMetrics(folder)
  if (!(epochs > after))
    throw new UsageError({
      where: 'recipe.epochs',
      expected: `more than the ${after} that are finished`,
      got: `${epochs}`,
    })
  if (epochs === recipe.epochs) return
  const changed = checkConfig({
    ...config,
    recipe: { ...recipe, epochs },
    extended: [...extended, { after, from: recipe.epochs }],
  })
  const unlock = await lockRun(folder)
  try {
    await writeFileAtomic(join(folder, RUN_FILES.config), `${JSON.stringify(changed, null, 2)}\n`)
  } finally {
    await unlock()
  }
}
