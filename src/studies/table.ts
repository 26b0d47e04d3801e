/** A study's results as rows of text, for the terminal and for Markdown. */

import { signed } from '../text/numbers.ts'
import type { StudyResults, VariantResult } from './results.ts'

export interface StudyColumn {
  readonly heading: string
  readonly right: boolean
  cell(variant: VariantResult): string
}

const NONE = '–'

const withMargin = (mean: string, halfWidth: number | undefined): string =>
  halfWidth === undefined ? mean : `${mean} ± ${halfWidth.toFixed(2)}`

const millions = (value: number): string => `${(value / 1e6).toFixed(value < 1e6 ? 3 : 2)} M`

const number = (heading: string, cell: StudyColumn['cell']): StudyColumn => ({
  heading,
  right: true,
  cell,
})

export const studyColumns = ({ baseline }: Pick<StudyResults, 'baseline'>): StudyColumn[] => [
  { heading: 'variant', right: false, cell: ({ name }) => name },
  number('error %', ({ error }) =>
    error === undefined ? NONE : withMargin(error.mean.toFixed(2), error.halfWidth),
  ),
  number('difference', ({ id, difference }) => {
    if (id === baseline) return 'baseline'
    return difference === undefined
      ? NONE
      : withMargin(signed(difference.mean), difference.halfWidth)
  }),
  number('p', ({ difference }) => {
    const { adjusted } = difference ?? {}
    if (adjusted === undefined) return NONE
    return adjusted < 0.001 ? '<0.001' : adjusted.toFixed(3)
  }),
  number('paper %', ({ paper }) => paper?.top1.toFixed(2) ?? NONE),
  number('paper diff.', ({ id, paper, paperDifference }) => {
    if (paperDifference !== undefined) return signed(paperDifference)
    return id === baseline && paper !== undefined ? 'baseline' : NONE
  }),
  number('parameters', ({ cost }) => millions(cost.parameters)),
  number('multiply-adds', ({ cost }) => millions(cost.multiplyAdds)),
]

export const studyRows = (results: StudyResults): string[][] => {
  const columns = studyColumns(results)
  return results.variants.map(variant => columns.map(({ cell }) => cell(variant)))
}

/** What the numbers are, for under the table. */
export const LEGEND =
  'Error: test images wrong after the last epoch, mean over seeds ± 95 % interval (t distribution). Difference: in points, paired by seed. p: chance of one as large from seeds alone, after Holm’s correction for asking about every variant.'

/** What went wrong, a sentence a run. */
export const failureTexts = ({ failures }: Pick<StudyResults, 'failures'>): readonly string[] =>
  failures.map(
    ({ run, lost, messages }) =>
      `${run}: ${lost ? 'failed twice and is left out' : 'failed once, then finished'}: ${messages[0]}`,
  )
