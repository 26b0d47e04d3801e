/** The splits of a folder of images: where each lies, and what tells the classes of its images. */

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { FileError } from '../../errors/index.ts'
import type { Split } from '../dataset.ts'
import { byFileName, byFolder, byTable, type Labeling, NAME_PATTERN } from './labeling.ts'
import { type LabelColumns, matchRows, type Row, readLabels } from './labelTable.ts'
import { filesIn } from './scan.ts'
import { type TableTargets, tableTargets } from './tableTargets.ts'

export type FolderSplit = Exclude<Split, 'all'>

/** How images are found and labeled. */
export interface ListOptions {
  /** Which share of each class is held back, where the folder itself has no `val/`; 0.1 unless told. */
  readonly valFraction?: number | undefined
  /** A CSV file that says what each image is of, in place of folders: here, or in the folder. */
  readonly labels?: string | undefined
  /** Its columns of files and labels, or of one label or number each; found by the usual names unless told. */
  readonly labelColumns?: LabelColumns | undefined
  /** What the targets are for, such as `labels` or `regression`; as they look unless told. */
  readonly task?: string | undefined
  /** Takes labels from the names of files: a regular expression with a group around the label, or `true` for `cat.12.jpg` and its like. */
  readonly labelFromName?: string | boolean | undefined
  /** The classes in their order, where they are known: the folder may then lack some. */
  readonly classes?: readonly string[] | undefined
}

/** What others call the splits, in any case. */
const NAMES: Readonly<Record<FolderSplit, RegExp>> = {
  train: /^train(ing)?$/i,
  validation: /^val(id(ation)?)?$/i,
  test: /^test(ing)?\d*$/i,
}

/** The split that a folder is called after. */
export const splitNamed = (name: string): FolderSplit | undefined =>
  (['train', 'validation', 'test'] as const).find(split => NAMES[split].test(name))

/** One split's images: where they lie, and what tells their classes. */
export interface Part {
  readonly folder: string
  readonly labeling: Labeling
}

export interface Parts {
  readonly train: Part
  readonly validation?: Part | undefined
  readonly test?: Part | undefined
  /** What the images have in place of one class each; all then lie in one group without name. */
  readonly targets?: PartsTargets | undefined
}

export interface PartsTargets extends Pick<TableTargets, 'task' | 'names'> {
  /** By the path of an image from where the process runs. */
  readonly of: ReadonlyMap<string, Float32Array>
}

/** The group of images that have other targets than a class. */
export const NO_CLASS = ''

/** The path of a table of labels: as it is, or in the folder of the images. */
export const labelsPath = (root: string, labels: string): string =>
  resolve(existsSync(labels) ? labels : join(root, labels))

/** The splits of a folder by the folders in it, where it has any. */
const partsByFolder = (
  root: string,
  folders: readonly string[],
  labeling: (split: FolderSplit) => Labeling,
): Parts => {
  const part = (split: FolderSplit): Part | undefined => {
    const name = folders.find(folder => NAMES[split].test(folder))
    return name === undefined ? undefined : { folder: join(root, name), labeling: labeling(split) }
  }
  const [train, validation, test] = [part('train'), part('validation'), part('test')]
  return train !== undefined && (validation ?? test) !== undefined
    ? { train, validation, test }
    : { train: { folder: root, labeling: labeling('train') } }
}

/** The splits of a table: by its own column, or by the folders that its images lie in. */
const partsByTable = async (
  root: string,
  folders: readonly string[],
  { labels = '', labelColumns, task }: ListOptions,
): Promise<Parts> => {
  const path = labelsPath(root, labels)
  const table = await readLabels(path, labelColumns)
  const own = tableTargets(labels, table.columns, table.rows, task)
  const rows = matchRows(labels, table.rows, await filesIn(root))
  const valuesOf = ({ row }: Row) => own?.of.get(row) as Float32Array
  const targets = own && {
    ...own,
    of: new Map([...rows].map(([file, row]) => [join(root, file), valuesOf(row)])),
  }
  const of = (isOf: (split: FolderSplit | undefined) => boolean): Part | undefined => {
    const named = [...rows].filter(([, { split }]) => isOf(splitNamed(split ?? '')))
    const byPath = new Map(
      named.map(([file, { cells }]) => [join(root, file), targets ? NO_CLASS : cells[0]]),
    )
    return named.length === 0 ? undefined : { folder: root, labeling: byTable(byPath, path) }
  }
  const all = of(() => true) ?? { folder: root, labeling: byTable(new Map(), path) }
  const train = of(split => split === 'train')
  if (train === undefined) return { ...partsByFolder(root, folders, () => all.labeling), targets }
  const odd = [...rows.values()].find(({ split }) => !splitNamed(split ?? ''))
  if (odd !== undefined)
    throw new FileError({
      where: `${labels}, row ${odd.row}`,
      expected: 'a split: train, val or test',
      got: odd.split || 'none',
    })
  return {
    train,
    validation: of(split => split === 'validation'),
    test: of(split => split === 'test'),
    targets,
  }
}

/** Finds the splits of a folder by the folders in it, or by its table of labels. */
export const findParts = (
  root: string,
  folders: readonly string[],
  options: ListOptions,
): Promise<Parts> | Parts => {
  const { labels, labelFromName, classes } = options
  if (labels !== undefined) return partsByTable(root, folders, options)
  return partsByFolder(root, folders, split =>
    labelFromName
      ? byFileName(labelFromName === true ? NAME_PATTERN : labelFromName)
      : byFolder(split !== 'train' || classes !== undefined),
  )
}
