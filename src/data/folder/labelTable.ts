/** A CSV file that says what each image is of: its rows, and the images that they name. */

import { basename } from 'node:path'
import Papa from 'papaparse'
import { FileError, UsageError } from '../../errors/index.ts'
import { readText, whyUnreadable } from '../../platform/node/files.ts'

const MOST_BYTES = 1e8

/** A row of the file: what it says of one image. */
export interface Row {
  /** From 1, the header's row. */
  readonly row: number
  readonly file: string
  /** The label, or what stands in each column of labels. */
  readonly cells: readonly string[]
  /** Which split the image belongs to, where the file has a column for it. */
  readonly split: string | undefined
}

/** What columns are called by those who make such files, the likeliest first. */
const COLUMNS = {
  file: `file filename file_name filepath file_path image image_path image_name image_id path img id name`,
  label: `label class label_name class_name category target species breed tag diagnosis`,
  split: `split subset`,
}
/** The columns that hold files, and labels: one, or several of flags or numbers. */
export type LabelColumns = readonly [file: string, ...labels: string[]]

const same = (a: string, b: string): boolean =>
  a.toLowerCase().replaceAll(/[ -]/g, '_') === b.toLowerCase().replaceAll(/[ -]/g, '_')

/** Which columns hold the files and the labels, by the names that were given, or by the usual ones. */
const placesOf = (path: string, header: readonly string[], given: LabelColumns | undefined) => {
  const find = (names: readonly string[]): number => {
    const at = names.map(name => header.findIndex(own => same(own, name)))
    return at.find(place => place >= 0) ?? -1
  }
  const usual = (column: keyof typeof COLUMNS): number => find(COLUMNS[column].split(' '))
  const refuse = (expected: string): never => {
    throw new FileError({
      where: path,
      expected,
      got: `the columns ${header.join(', ')}`,
      hint: 'Name the columns of files and labels, in this order, by `data.labelColumns`. The first row must be a header',
    })
  }
  const [file, ...labels] = given?.map(name => find([name])) ?? [usual('file'), usual('label')]
  const missing = [file, ...labels].findIndex(place => place < 0)
  if (missing >= 0)
    refuse(
      given
        ? `a column ${given[missing]}`
        : `a column of ${['files, such as file or image', 'labels, such as label or class'][missing]}`,
    )
  return { file, labels, split: usual('split') }
}

/** A table as it was read. */
interface LabelTable {
  /** The names of the columns of labels. */
  readonly columns: readonly string[]
  readonly rows: readonly Row[]
}

/**
 * Reads the rows of a CSV file with a header; cells of labels may be empty.
 * @throws FileError that names the row at fault
 */
export const readLabels = async (path: string, given?: LabelColumns): Promise<LabelTable> => {
  const problem = whyUnreadable(path, MOST_BYTES)
  if (problem !== undefined)
    throw new UsageError({ where: path, expected: 'a CSV file of labels', got: problem })
  const { data, errors } = Papa.parse<readonly string[]>(await readText(path, MOST_BYTES))
  const fault = errors.find(({ type }) => type === 'Quotes')
  if (fault !== undefined)
    throw new FileError({
      where: `${path}, row ${(fault.row ?? 0) + 1}`,
      expected: 'quotes in pairs',
      got: fault.message,
    })
  const [header = []] = data
  const places = placesOf(path, header, given)
  const last = Math.max(places.file, ...places.labels)
  const rows = data.flatMap((cells, i) => {
    if (i === 0 || cells.every(cell => cell.trim() === '')) return []
    const file = cells[places.file]?.trim()
    if (!file || cells.length <= last)
      throw new FileError({
        where: `${path}, row ${i + 1}`,
        expected: 'a file and a label',
        got: cells.length <= last ? `${cells.length} columns` : cells.join(', '),
      })
    const labels = places.labels.map(place => cells[place].trim())
    return { row: i + 1, file, cells: labels, split: cells[places.split]?.trim().toLowerCase() }
  })
  return { columns: places.labels.map(place => header[place].trim()), rows }
}

const withoutEnding = (path: string): string => path.replace(/\.[^./]*$/, '')

/**
 * Finds files by what people write down: a path, with its ending or without, or a name that only one
 * file has.
 */
const finder = (files: readonly string[]): ((written: string) => readonly string[]) => {
  const keys: readonly ((file: string) => string)[] = [
    file => file,
    withoutEnding,
    file => basename(file),
    file => withoutEnding(basename(file)),
  ]
  const tables = keys.map(key => {
    const table = new Map<string, string[]>()
    for (const file of files) {
      const own = table.get(key(file))
      if (own) own.push(file)
      else table.set(key(file), [file])
    }
    return table
  })
  return written => {
    const path = written.replaceAll('\\', '/').replace(/^(\.?\/)+/, '')
    return tables.map(table => table.get(path) ?? []).find(({ length }) => length > 0) ?? []
  }
}

/**
 * The rows of a table by the files that they name.
 * @throws FileError for a row whose file is missing, or not one alone, or has a row already
 */
export const matchRows = (
  path: string,
  rows: readonly Row[],
  files: readonly string[],
): ReadonlyMap<string, Row> => {
  const find = finder(files)
  const found = new Map<string, Row>()
  const refuse = ({ row }: Row, expected: string, got: string): never => {
    throw new FileError({ where: `${path}, row ${row}`, expected, got })
  }
  for (const row of rows) {
    const candidates = find(row.file)
    const [file] = candidates
    const expected = 'a file of the folder'
    if (file === undefined) refuse(row, expected, `${row.file}, which is not there`)
    if (candidates.length > 1)
      refuse(row, expected, `${row.file}, which is ${candidates.slice(0, 2).join(' or ')}`)
    const earlier = found.get(file)
    if (earlier) refuse(row, 'one row per file', `${row.file}, which row ${earlier.row} has`)
    found.set(file, row)
  }
  return found
}
