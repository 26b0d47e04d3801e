/** A table of counts by two sets of the same names, its cells the stronger the more they hold. */

import { count } from '../text/numbers.ts'
import { element, type Markup } from './markup.ts'

export interface Matrix {
  readonly names: readonly string[]
  /** `counts[row][column]` */
  readonly counts: readonly (readonly number[])[]
  /** What rows and columns are. */
  readonly rows: string
  readonly columns: string
}

/** Text stays readable on the strongest of them, in light and dark. */
const STRONGEST = 60

/** Rows are filled by their own shares; what lies on the diagonal has another color. */
export const matrixMarkup = ({ names, counts, rows, columns }: Matrix): Markup => {
  const cell = (value: number, total: number, isOwn: boolean): Markup => {
    const strength = total === 0 ? 0 : Math.round((STRONGEST * value) / total)
    const color = isOwn ? 'var(--right)' : 'var(--wrong)'
    const background = `background:color-mix(in srgb,${color} ${strength}%,transparent)`
    return element(
      'td',
      { style: value === 0 ? undefined : background },
      value === 0 ? '' : count(value),
    )
  }
  return element(
    'div',
    { class: 'scroll' },
    element(
      'table',
      { class: 'matrix' },
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          element('th', {}, `${rows} ↓ ${columns} →`),
          ...names.map(name => element('th', { scope: 'col' }, element('span', {}, name))),
        ),
      ),
      element(
        'tbody',
        {},
        ...counts.map((row, i) => {
          const total = row.reduce((sum, value) => sum + value, 0)
          return element(
            'tr',
            {},
            element('th', { scope: 'row' }, names[i]),
            ...row.map((value, j) => cell(value, total, i === j)),
          )
        }),
      ),
    ),
  )
}
