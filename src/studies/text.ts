/** Studies as text: the list of them, their results, and how long one will take. */

import { join } from 'node:path'
import { duration } from '../text/numbers.ts'
import { table } from '../text/table.ts'
import { STUDY_FILES } from './files.ts'
import type { Forecast } from './forecast.ts'
import { conclusion } from './interpret.ts'
import type { Plan } from './plan.ts'
import type { StudyResults } from './results.ts'
import { missing, type Study } from './study.ts'
import { failureTexts, LEGEND, studyColumns, studyRows } from './table.ts'

const NONE = '–'

/** A study with its paper's table. */
export const formatStudy = (name: string, study: Study): string => {
  const { title, source, setting, baseline, variants } = study
  const rows = variants.map(({ id, name, attention, paper }) => [
    id,
    `${name}${id === baseline ? ' (baseline)' : ''}`,
    paper?.top1.toFixed(2) ?? NONE,
    paper?.top5?.toFixed(2) ?? NONE,
    paper?.parameters === undefined ? NONE : `${paper.parameters} M`,
    paper?.multiplyAdds === undefined ? NONE : `${paper.multiplyAdds} G`,
    missing({ attention }) === undefined ? (attention ?? 'none') : 'not in this version',
  ])
  const columns = [
    { heading: '  id' },
    { heading: 'variant' },
    { heading: 'top-1 error %', right: true },
    { heading: 'top-5 error %', right: true },
    { heading: 'params', right: true },
    { heading: 'mult-adds', right: true },
    { heading: '--attention' },
  ]
  return [
    `${name}: ${title}`,
    `  ${source}: ${setting}`,
    table(
      columns,
      rows.map(([id, ...rest]) => [`  ${id}`, ...rest]),
    ),
  ].join('\n')
}

export const formatResults = (results: StudyResults, folder: string): string => {
  const { title, source, setting, paperSetting, variants, leftOut, note } = results
  return [
    `${title} (${source})`,
    `here:  ${setting}`,
    `paper: ${paperSetting}`,
    '',
    table(studyColumns(results), studyRows(results)),
    '',
    ...variants.flatMap(variant => conclusion(variant, results) ?? []),
    ...failureTexts(results),
    ...leftOut.map(({ name, reason }) => `left out: ${name} (${reason})`),
    ...(note === undefined ? [] : [note]),
    '',
    LEGEND,
    `${join(folder, STUDY_FILES.report)} shows this with plots; ${STUDY_FILES.page} and ${STUDY_FILES.results} beside it`,
  ].join('\n')
}

const milliseconds = (seconds: number): string => `${(seconds * 1000).toFixed(0)} ms`

export const formatForecast = (
  { variants, jobs, total }: Forecast,
  { runs, seeds, leftOut }: Plan,
): string => {
  const [{ config }] = runs
  const rows = variants.map(({ name, pace, run, epochsLeft, left }) => [
    name,
    milliseconds(pace.step),
    duration(run),
    `${epochsLeft}`,
    duration(left),
  ])
  return [
    table(
      [
        { heading: 'variant' },
        { heading: 'per step', right: true },
        { heading: 'per run', right: true },
        { heading: 'epochs left', right: true },
        { heading: 'time left', right: true },
      ],
      rows,
    ),
    '',
    ...leftOut.map(({ variant, reason }) => `left out: ${variant.name} (${reason})`),
    `${runs.length} runs (${variants.length} variants, ${seeds.length} seeds), ${jobs} at a time with ${config.threads} threads each: about ${duration(total)}`,
    ...(jobs > 1
      ? ['Measured one at a time: several share memory and caches, and will take somewhat longer.']
      : []),
  ].join('\n')
}
