/** A CSV table as a dataset: each row is an "image" of one number a field, prepared as a network of fields takes it. */

import Papa from 'papaparse'
import { FileError, UsageError } from '../../errors/index.ts'
import { readText } from '../../platform/node/files.ts'
import { permutation, random } from '../../random/index.ts'
import { moments } from '../../stats/moments.ts'
import type { Dataset, Split } from '../dataset.ts'

const MOST_BYTES = 1e9
const VAL_FRACTION = 0.1

/** How a table is read. */
export interface TableOptions {
  /** The column to predict: classes, or numbers with the task `regression`. */
  readonly target: string
  /** What the target is for; classification unless given. */
  readonly task?: 'classification' | 'regression' | undefined
  /** Columns of categories, besides those whose cells are no numbers. */
  readonly categories?: readonly string[] | undefined
  /** Columns that are left out. */
  readonly without?: readonly string[] | undefined
  /** A column of times or other numbers: the latest rows are held back, in place of some at random. */
  readonly time?: string | undefined
  /** The share of rows that is held back for validation; 0.1 unless given. */
  readonly valFraction?: number | undefined
  /** Decides which rows are held back. */
  readonly seed?: number | undefined
}

/** A table that was read: what trains, what judges, and what a network of fields must know. */
export interface Table {
  /** The rows to train on. */
  readonly train: Dataset
  /** The rows that were held back. */
  readonly validation: Dataset
  /** The names of the fields, numbers first. */
  readonly fields: readonly string[]
  /** How many fields are numbers. */
  readonly numbers: number
  /** How many values each other field has; the first stands for what is missing, or not among the rows to train on. */
  readonly categories: readonly number[]
}

type Cells = readonly string[]

const isNumber = (cell: string): boolean => cell !== '' && Number.isFinite(Number(cell))

const readRows = async (path: string): Promise<{ header: Cells; rows: readonly Cells[] }> => {
  const { data } = Papa.parse<Cells>(await readText(path, MOST_BYTES), { skipEmptyLines: 'greedy' })
  const [header = [], ...rows] = data.map(cells => cells.map(cell => cell.trim()))
  const short = rows.findIndex(cells => cells.length !== header.length)
  if (short >= 0)
    throw new FileError({
      where: `${path}, row ${short + 2}`,
      expected: `${header.length} cells`,
      got: `${rows[short].length}`,
    })
  if (rows.length < 2)
    throw new FileError({
      where: path,
      expected: 'a header and two rows or more',
      got: `${rows.length}`,
    })
  return { header, rows }
}

/** Which rows are held back: the latest, or some at random. */
const heldBack = (
  times: readonly string[] | undefined,
  count: number,
  { valFraction = VAL_FRACTION, seed = 0 }: TableOptions,
): ReadonlySet<number> => {
  const held = Math.min(Math.max(1, Math.round(count * valFraction)), count - 1)
  const order =
    times === undefined
      ? [...permutation(random(seed).fork('rows'), count)]
      : [...times.keys()].sort((a, b) => Number(times[a]) - Number(times[b]))
  return new Set(order.slice(count - held))
}

/** A number in units of those to train on, 0 where it is missing. */
const numberEncoder = (cells: Cells): ((cell: string) => number) => {
  const own = moments(1)
  for (const cell of cells) if (isNumber(cell)) own.add([Number(cell)])
  const [mean] = own.mean()
  const std = Math.sqrt(own.variance()[0]) || 1
  return cell => (isNumber(cell) ? (Number(cell) - mean) / std : 0)
}

/**
 * Reads a table with a header.
 * @throws FileError that names the row at fault; UsageError for columns that are not there
 */
export const openTable = async (path: string, options: TableOptions): Promise<Table> => {
  const { target, task = 'classification', categories: said = [], without = [], time } = options
  const { header, rows } = await readRows(path)
  const column = (name: string): Cells => {
    const at = header.indexOf(name)
    if (at >= 0) return rows.map(cells => cells[at])
    throw new UsageError({
      where: 'data.table',
      expected: `a column among ${header.join(', ')}`,
      got: name,
    })
  }
  for (const name of [...said, ...without]) column(name)
  const truths = column(target)
  const validation = heldBack(time === undefined ? undefined : column(time), rows.length, options)
  const seen = (cells: Cells): Cells => cells.filter((_, row) => !validation.has(row))
  const names = header.filter(name => ![target, time, ...without].includes(name))
  const isCategory = (name: string): boolean =>
    said.includes(name) || column(name).some(cell => cell !== '' && !isNumber(cell))
  const numbers = names.filter(name => !isCategory(name))
  const fields = [...numbers, ...names.filter(isCategory)]
  const known = fields.slice(numbers.length).map(name => [...new Set(seen(column(name)))].sort())
  const sizes = known.map(values => values.filter(value => value !== '').length + 1)
  const encoders = fields.map((name, i): ((cell: string) => number) => {
    if (i < numbers.length) return numberEncoder(seen(column(name)))
    const k = i - numbers.length
    const first = sizes.slice(0, k).reduce((sum, size) => sum + size, 0)
    const values = known[k].filter(value => value !== '')
    const places = new Map(values.map((value, place) => [value, first + 1 + place]))
    return cell => places.get(cell) ?? first
  })
  const columns = fields.map((name, i) => column(name).map(encoders[i]))
  const isRegression = task === 'regression'
  const bad = isRegression ? truths.findIndex(cell => !isNumber(cell)) : truths.indexOf('')
  if (bad >= 0)
    throw new FileError({
      where: `${path}, row ${bad + 2}`,
      expected: isRegression ? `a number in ${target}` : `a class in ${target}`,
      got: truths[bad] || 'an empty cell',
    })
  const classes = isRegression ? [target] : [...new Set(truths)].sort()
  const datasetOf = (split: Split): Dataset => {
    const own = [...rows.keys()].filter(row => validation.has(row) === (split === 'validation'))
    return {
      name: path,
      split,
      classes,
      shape: [fields.length, 1, 1],
      labels: Int32Array.from(own, row => (isRegression ? 0 : classes.indexOf(truths[row]))),
      ...(isRegression
        ? { task, values: own.map(row => Float32Array.of(Number(truths[row]))) }
        : {}),
      nameOf: index => `row ${own[index] + 2}`,
      // Fields have no pixels: what is prepared below is what a network takes.
      read: async () => new Uint8Array(fields.length),
      prepare: async indices =>
        Float32Array.from([...indices].flatMap(index => columns.map(cells => cells[own[index]]))),
      close: async () => {},
    }
  }
  return {
    train: datasetOf('train'),
    validation: datasetOf('validation'),
    fields,
    numbers: numbers.length,
    categories: sizes,
  }
}
