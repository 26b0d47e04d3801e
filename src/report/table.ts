/** Tables, once as data: on a page, as Markdown and as CSV. */

import { element, type Markup } from './markup.ts'

export interface TableColumn {
  readonly heading: string
  /** Numbers stand at the right. */
  readonly right?: boolean
}

export interface Table {
  readonly columns: readonly TableColumn[]
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

export const tableMarkdown = ({ columns, rows }: Table): string => {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [
    line(columns.map(({ heading }) => heading)),
    `|${columns.map(({ right }) => (right ? '---:' : '---')).join('|')}|`,
    ...rows.map(line),
  ].join('\n')
}

type Cell = string | number | boolean | undefined

const cellText = (cell: Cell): string => {
  const text = cell === undefined ? '' : `${cell}`
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Records as CSV (RFC 4180); the first one names the columns. */
export const csv = (records: readonly Readonly<Record<string, Cell>>[]): string => {
  const names = Object.keys(records[0] ?? {})
  const lines = records.map(record => names.map(name => cellText(record[name])).join(','))
  return `${[names.map(cellText).join(','), ...lines].join('\n')}\n`
}
