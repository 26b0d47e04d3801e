/** A table on a page. */

import type { Column } from '../text/table.ts'
import { element, type Markup } from './markup.ts'

export interface Table {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly string[])[]
}

export const tableMarkup = ({ columns, rows }: Table): Markup => {
  const cell = (name: string) => (text: string, i: number) =>
    element(name, columns[i].right ? { class: 'number' } : {}, text)
  const headings = columns.map(({ heading }) => heading)
  return element(
    'div',
    { class: 'scroll' },
    element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...headings.map(cell('th')))),
      element('tbody', {}, ...rows.map(row => element('tr', {}, ...row.map(cell('td'))))),
    ),
  )
}
