/** `report.html` of a run, written anew after each epoch: its curves, and what its best weights get wrong. */

import { join } from 'node:path'
import type { Dataset } from '../data/dataset.ts'
import { messageOf } from '../errors/index.ts'
import { writeFileAtomic } from '../platform/node/files.ts'
import type { Section } from '../report/html.ts'
import type { Accumulator, Review, Task } from '../tasks/task.ts'
import { shellWord } from '../text/shell.ts'
import { bestRow, type EpochRow } from '../train/epochRow.ts'
import { curvesSection, reportPage, settingSection, thumbnailsOf } from './reportPage.ts'
import { RUN_FILES } from './runFolder.ts'
import type { TaskTrainOptions } from './trainOptions.ts'

/** An accumulator that also shows the review every batch. */
const shown = (accumulator: Accumulator, review: Review): Accumulator => ({
  ...accumulator,
  add: (outputs, batch) => {
    accumulator.add(outputs, batch)
    review.add(outputs, batch)
  },
})

/** A report of a training, which looks on as the images of validation are evaluated. */
export const openRunReport = ({
  task,
  folder,
  config,
  validation,
  onWarning,
}: TaskTrainOptions) => {
  const thumbnail = thumbnailsOf(validation)
  let review: Review | undefined
  let reviewed: { readonly epoch: number; readonly sections: readonly Section[] } | undefined

  const write = async (history: readonly EpochRow[]): Promise<void> => {
    const best = bestRow(history, task.best)
    const { epoch } = history[history.length - 1]
    // After a resume nothing is known of the best epoch's answers: the newest have to do.
    if (review !== undefined && (epoch === best?.epoch || reviewed === undefined)) {
      reviewed = { epoch, sections: await review.sections(thumbnail) }
      const findings = await review.findings?.(thumbnail)
      if (findings !== undefined)
        await writeFileAtomic(
          join(folder, RUN_FILES.review),
          `${JSON.stringify({ epoch, images: validation.labels.length, findings })}\n`,
        )
    }
    const of = reviewed === undefined ? '' : `, reviewed as after epoch ${reviewed.epoch}`
    const text = reportPage({
      model: config.model,
      data: config.data,
      subtitle: `${epoch} of ${config.recipe.epochs} epochs; best after epoch ${best?.epoch}${of}.`,
      introduction:
        'How the training went, and what the network gets wrong on images that it was not trained on. The page is written anew after each epoch: reload it.',
      sections: [
        curvesSection(history, review?.curves, best, validation.split),
        ...(reviewed?.sections ?? []),
        settingSection(config, history),
      ],
      command: `excite eval ${shellWord(folder)} --report report.html`,
    })
    await writeFileAtomic(join(folder, RUN_FILES.report), text)
  }

  return {
    /** The task, whose evaluations the report sees. */
    task: {
      ...task,
      accumulator: (data: Dataset): Accumulator => {
        const own = task.accumulator(data)
        if (data !== validation || task.review === undefined) return own
        review = task.review(data)
        return shown(own, review)
      },
    } satisfies Task,
    /** Writes the page; where it cannot be written, the training goes on. */
    afterEpoch: (history: readonly EpochRow[]): Promise<void> =>
      write(history).catch((cause: unknown) => {
        onWarning?.(`${RUN_FILES.report} not written: ${messageOf(cause)}`)
      }),
  }
}
