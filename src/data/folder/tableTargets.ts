/** What the label columns of a table hold: one class a row, lists of labels, or numbers. */

import { FileError, UsageError } from '../../errors/index.ts'
import type { Row } from './labelTable.ts'
import { byName } from './scan.ts'

/** Targets that are not one class each. */
export interface TableTargets {
  readonly task: 'labels' | 'regression'
  /** The labels, or the columns of numbers. */
  readonly names: readonly string[]
  /** By the row's number in the file, one number for each name. */
  readonly of: ReadonlyMap<number, Float32Array>
}

/** What stands between the labels of a cell, the likeliest first; commas and spaces also stand within names. */
const SEPARATORS = [';', '|', ',', ' '] as const
const SURE = SEPARATORS.slice(0, 2)

const isNumber = (cell: string): boolean => cell !== '' && Number.isFinite(Number(cell))

const refuse = (path: string, { row }: Row, expected: string, got: string): never => {
  throw new FileError({ where: `${path}, row ${row}`, expected, got: got || 'an empty cell' })
}

const numbers = (path: string, columns: readonly string[], rows: readonly Row[]): TableTargets => ({
  task: 'regression',
  names: columns,
  of: new Map(
    rows.map(row => {
      const bad = row.cells.find(cell => !isNumber(cell))
      if (bad !== undefined) refuse(path, row, 'a number', bad)
      return [row.row, Float32Array.from(row.cells, Number)]
    }),
  ),
})

/** A column for each label, of 1 where it holds and 0 where it does not. */
const flags = (path: string, columns: readonly string[], rows: readonly Row[]): TableTargets => {
  const odd = rows.find(({ cells }) => cells.some(cell => cell !== '0' && cell !== '1'))
  if (odd !== undefined) refuse(path, odd, 'a 0 or 1 for each label', odd.cells.join(', '))
  return { ...numbers(path, columns, rows), task: 'labels' }
}

const lists = (rows: readonly Row[]): TableTargets => {
  const cells = rows.map(({ cells: [cell] }) => cell.replace(/^\[(.*)\]$/s, '$1'))
  const separator = SEPARATORS.find(one => cells.some(cell => cell.includes(one))) ?? ';'
  const found = cells.map(cell =>
    cell
      .split(separator)
      .map(label => label.trim().replace(/^(['"])(.*)\1$/, '$2'))
      .filter(label => label !== ''),
  )
  const names = [...new Set(found.flat())].sort(byName)
  const place = new Map(names.map((name, k) => [name, k]))
  const of = rows.map(({ row }, i): [number, Float32Array] => {
    const values = new Float32Array(names.length)
    for (const label of found[i]) values[place.get(label) as number] = 1
    return [row, values]
  })
  return { task: 'labels', names, of: new Map(of) }
}

/** What the cells look like, where nobody said it. */
const likelyTask = (columns: readonly string[], rows: readonly Row[]): string => {
  const cells = rows.flatMap(row => row.cells)
  if (columns.length > 1)
    return cells.every(cell => cell === '0' || cell === '1') ? 'labels' : 'regression'
  if (cells.some(cell => SURE.some(one => cell.includes(one)))) return 'labels'
  // Whole numbers are as often the names of classes.
  const isMeasured = cells.every(isNumber) && cells.some(cell => !Number.isInteger(Number(cell)))
  return isMeasured ? 'regression' : 'classification'
}

/**
 * The targets of a table; undefined where each row has one class.
 * @param task - what they are for; as the cells look unless given
 * @throws FileError that names the row at fault; UsageError for a task that a table has no targets for
 */
export const tableTargets = (
  path: string,
  columns: readonly string[],
  rows: readonly Row[],
  task = likelyTask(columns, rows),
): TableTargets | undefined => {
  if (task === 'regression') return numbers(path, columns, rows)
  if (task === 'labels') return columns.length > 1 ? flags(path, columns, rows) : lists(rows)
  if (task !== 'classification' || columns.length > 1)
    throw new UsageError({
      where: 'data.task',
      expected: `labels or regression${columns.length > 1 ? '' : ', or classification'}, for a table of ${columns.length} label column${columns.length > 1 ? 's' : ''}`,
      got: task,
    })
  const empty = rows.find(({ cells: [label] }) => label === '')
  if (empty !== undefined) refuse(path, empty, 'a file and a label', '')
  return undefined
}
