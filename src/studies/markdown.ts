/** A study's results as a page of Markdown. */

import { tableMarkdown } from '../text/table.ts'
import { conclusion } from './interpret.ts'
import type { StudyResults } from './results.ts'
import { failureTexts, LEGEND, studyColumns, studyRows } from './table.ts'

const list = (heading: string, items: readonly string[]): string[] =>
  items.length === 0 ? [] : [`## ${heading}`, items.map(item => `- ${item}`).join('\n')]

const errorsBySeed = ({ variants }: StudyResults): string[] => {
  const seeds = [...new Set(variants.flatMap(({ seeds }) => seeds.map(({ seed }) => seed)))].sort(
    (a, b) => a - b,
  )
  if (seeds.length < 2) return []
  const rows = variants.map(({ name, seeds: found }) => [
    name,
    ...seeds.map(seed => found.find(result => result.seed === seed)?.error.toFixed(2) ?? '–'),
  ])
  return [
    '## Error % by seed',
    tableMarkdown(
      [{ heading: 'variant' }, ...seeds.map(seed => ({ heading: `seed ${seed}`, right: true }))],
      rows,
    ),
  ]
}

export const studyMarkdown = (results: StudyResults): string => {
  const columns = studyColumns(results)
  const { planned, finished } = results.runs
  const sources = results.variants.flatMap(({ name, paper }) =>
    paper?.source === undefined ? [] : [`${name}: ${paper.source}.`],
  )
  return `${[
    `# ${results.title}`,
    `The study \`${results.study}\`, after ${results.source}.${finished < planned ? ` **${finished} of ${planned} runs are finished.**` : ''}`,
    `- Here: ${results.setting}.\n- The paper: ${results.paperSetting}.`,
    tableMarkdown(columns, studyRows(results)),
    `${LEGEND} Networks, images and training differ from the paper’s: compare signs and order, not levels.${results.note === undefined ? '' : ` ${results.note}`}`,
    ...list(
      'In words',
      results.variants.flatMap(variant => conclusion(variant, results) ?? []),
    ),
    ...errorsBySeed(results),
    ...list('Failures', failureTexts(results)),
    ...list(
      'Left out',
      results.leftOut.map(({ name, reason }) => `${name}: ${reason}`),
    ),
    ...list('Figures from elsewhere', sources),
    '## Reproduce',
    `\`\`\`sh\n${results.command}\n\`\`\``,
    `Excite ${results.version}, ${results.machine}. Variants begin with the same weights in all that they share, and see the same batches in the same order. Each run is an ordinary run folder beside this file.`,
  ].join('\n\n')}\n`
}
