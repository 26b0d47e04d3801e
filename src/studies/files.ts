/** What a study leaves in its folder, besides its runs. */

import { join } from 'node:path'
import { writeFileAtomic } from '../files.ts'
import { studyMarkdown } from './markdown.ts'
import { studyReport } from './report.ts'
import type { StudyResults } from './results.ts'

export const STUDY_FILES = {
  results: 'results.json',
  page: 'study.md',
  report: 'report.html',
} as const

export const writeStudy = async (folder: string, results: StudyResults): Promise<void> => {
  await writeFileAtomic(join(folder, STUDY_FILES.results), `${JSON.stringify(results, null, 2)}\n`)
  await writeFileAtomic(join(folder, STUDY_FILES.page), studyMarkdown(results))
  await writeFileAtomic(join(folder, STUDY_FILES.report), studyReport(results))
}
