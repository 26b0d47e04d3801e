/** What a study leaves in its folder, besides its runs. */

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { UsageError } from '../errors/index.ts'
import { writeFileAtomic } from '../platform/node/files.ts'
import { arrange, type Figure, svgFile } from '../report/svg.ts'
import { costFigure, courseFigures, differencesFigure, seedsFigure } from './figures.ts'
import { studyMarkdown } from './markdown.ts'
import { studyReport } from './report.ts'
import type { StudyResults } from './results.ts'

export const STUDY_FILES = {
  results: 'results.json',
  page: 'study.md',
  report: 'report.html',
  figures: 'figures',
} as const

/** Of results, all that is needed to know whose they are. */
const whose = z.object({ study: z.string() })

/**
 * Makes sure that a folder is not another study's, whose results would be replaced.
 * @throws UsageError when it is
 */
export const checkFolder = async (folder: string, name: string): Promise<void> => {
  const path = join(folder, STUDY_FILES.results)
  if (!existsSync(path)) return
  const found = whose.safeParse(await readFile(path, 'utf8').then(JSON.parse, () => undefined))
  const got = found.success ? `that of ${found.data.study}` : `another ${STUDY_FILES.results}`
  if (found.success && found.data.study === name) return
  throw new UsageError({
    where: folder,
    expected: `a folder of the study ${name}, or a new one`,
    got,
    hint: 'Choose another with `out`',
  })
}

/** By file name, without its ending; those that there is something for. */
const figuresOf = (results: StudyResults): readonly (readonly [string, Figure])[] => {
  const courses = courseFigures(results)
  const all: Readonly<Record<string, Figure | undefined>> = {
    differences: differencesFigure(results),
    seeds: seedsFigure(results),
    cost: costFigure(results),
    course: courses.length === 0 ? undefined : arrange(courses, Math.min(3, courses.length)),
  }
  return Object.entries(all).flatMap(([name, figure]) =>
    figure === undefined ? [] : [[name, figure] as const],
  )
}

export const writeStudy = async (folder: string, results: StudyResults): Promise<void> => {
  for (const [name, figure] of figuresOf(results))
    await writeFileAtomic(
      join(folder, STUDY_FILES.figures, `${name}.svg`),
      svgFile(figure, `${results.title} ${name}`),
    )
  await writeFileAtomic(join(folder, STUDY_FILES.results), `${JSON.stringify(results, null, 2)}\n`)
  await writeFileAtomic(join(folder, STUDY_FILES.page), studyMarkdown(results))
  await writeFileAtomic(join(folder, STUDY_FILES.report), studyReport(results))
}
