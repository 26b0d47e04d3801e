/** Tables, once as data: for terminals, as Markdown and as CSV. Cells may hold names from outside. */

import { visible } from './visible.ts'

export interface Column {
  readonly heading: string
  /** Numbers stand at the right. */
  readonly right?: boolean
}

type Rows = readonly (readonly string[])[]

/** Lines of aligned cells under headings. */
export const table = (columns: readonly Column[], rows: Rows): string => {
  const cells = [columns.map(({ heading }) => heading), ...rows].map(row =>
    row.map(cell => visible(cell)),
  )
  const widths = columns.map((_, i) => Math.max(...cells.map(row => row[i].length)))
  const [headings, ...lines] = cells.map(row =>
    row
      .map((cell, i) => (columns[i].right ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd(),
  )
  return [headings, widths.map(width => '─'.repeat(width)).join('──'), ...lines].join('\n')
}

/** Text in a line or cell of Markdown, in which nothing is markup. */
export const markdownText = (text: string): string =>
  visible(text.replace(/\s+/g, ' ')).replace(/[\\`*_{}[\]<>()#+!|~]/g, '\\$&')

/** Cells that are Markdown already, but for what ends them. */
export const tableMarkdown = (columns: readonly Column[], rows: Rows): string => {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map(cell => visible(cell.replace(/\n/g, ' ')).replace(/(?<!\\)\|/g, '\\|')).join(' | ')} |`
  return [
    line(columns.map(({ heading }) => heading)),
    `|${columns.map(({ right }) => (right ? '---:' : '---')).join('|')}|`,
    ...rows.map(line),
  ].join('\n')
}

export type Cell = string | number | boolean | undefined

/** A spreadsheet takes text for a formula that begins so; an apostrophe before it says that it is none. */
const FORMULA = /^[=+\-@]/

const cellText = (cell: Cell): string => {
  if (typeof cell !== 'string') return cell === undefined ? '' : `${cell}`
  const text = visible(cell)
  const safe = FORMULA.test(text.trimStart()) ? `'${text}` : text
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** Records as CSV (RFC 4180) without formulas and line breaks in cells; the first one names the columns. */
export const csv = (records: readonly Readonly<Record<string, Cell>>[]): string => {
  const names = Object.keys(records[0] ?? {})
  const lines = records.map(record => names.map(name => cellText(record[name])).join(','))
  return `${[names.map(cellText).join(','), ...lines].join('\n')}\n`
}
