/** A study's results as a page with plots, in one file. */

import { figure, page, paragraph, type Section } from '../report/html.ts'
import { element, type Markup } from '../report/markup.ts'
import { tableMarkup } from '../report/table.ts'
import { costFigure, courseFigures, differencesFigure, seedsFigure } from './figures.ts'
import { conclusion } from './interpret.ts'
import type { StudyResults } from './results.ts'
import { failureTexts, LEGEND, studyColumns, studyRows } from './table.ts'

const list = (items: readonly string[]): Markup =>
  element('ul', {}, ...items.map(item => element('li', {}, item)))

const section = (heading: string, body: readonly (Markup | undefined)[]): readonly Section[] => {
  const present = body.filter(part => part !== undefined)
  return present.length === 0 ? [] : [{ heading, body: present }]
}

const listed = (heading: string, items: readonly string[]): readonly Section[] =>
  items.length === 0 ? [] : [{ heading, body: [list(items)] }]

export const studyReport = (results: StudyResults): string => {
  const { title, study, source, setting, paperSetting, note, runs, leftOut, command } = results
  const columns = studyColumns(results)
  const differences = differencesFigure(results)
  const seeds = seedsFigure(results)
  const costs = costFigure(results)
  const courses = courseFigures(results)
  const unfinished =
    runs.finished < runs.planned ? ` ${runs.finished} of ${runs.planned} runs are finished.` : ''
  return page({
    title,
    subtitle: `The study ${study}, after ${source}.${unfinished}`,
    sections: [
      {
        heading: 'Results',
        body: [
          paragraph('Here: ', setting, '.'),
          paragraph('The paper: ', paperSetting, '.'),
          tableMarkup({ columns, rows: studyRows(results) }),
          paragraph(`${LEGEND}${note === undefined ? '' : ` ${note}`}`),
          list(results.variants.flatMap(variant => conclusion(variant, results) ?? [])),
        ],
      },
      ...section('Differences', [
        differences &&
          figure(
            [differences],
            'Mean over seeds of the difference to the baseline with the same seed, with its 95 % interval. Orange: more than noise after Holm’s correction; blue: no more than noise. Gray: what the paper found, in its own setting.',
          ),
      ]),
      ...section('Seeds', [
        seeds &&
          figure(
            [seeds],
            'Test error of every run after its last epoch, one line per seed; dots and bars are means and their 95 % intervals, with an arrowhead where they are cut at 0 or 100 %.',
          ),
      ]),
      ...section('Cost', [
        costs &&
          figure(
            [costs],
            'Test error against parameters, with 95 % intervals, with an arrowhead where they are cut at 0 or 100 %; gray: the baseline.',
          ),
      ]),
      ...section('Learning curves', [
        courses.length === 0
          ? undefined
          : figure(
              courses,
              'Test error after each epoch, one line per seed, all on the same axes; dashed: the mean of the baseline.',
            ),
      ]),
      ...listed('Failures', failureTexts(results)),
      ...listed(
        'Left out',
        leftOut.map(({ name, reason }) => `${name}: ${reason}`),
      ),
      {
        heading: 'Reproduce',
        body: [
          element('p', {}, element('code', {}, command)),
          paragraph(
            'Variants begin with the same weights in all that they share, and see the same batches in the same order. Networks, images and training differ from the paper’s: compare signs and order, not levels.',
          ),
        ],
      },
    ],
    footer: `Excite ${results.version}, ${results.machine}`,
  })
}
