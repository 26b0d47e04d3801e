/** What a study leaves in its folder, besides its runs. */

import { join } from 'node:path'
import { writeFileAtomic } from '../files.ts'
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
