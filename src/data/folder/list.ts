/**
 * Which images a folder holds: one folder a class, in `train/`, `val/` and `test/`, or in one place
 * that is split here. The order is that of the names, so the same on every machine.
 */

import { createHash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
import { FileError, UsageError } from '../../errors/index.ts'
import type { Split } from '../dataset.ts'

export type FolderSplit = Exclude<Split, 'all'>

/** The images of one split. */
export interface ImageList {
  /** What they are called as evaluated: a test set that stands in for validation stays a test set. */
  readonly split: FolderSplit
  readonly folder: string
  /** Paths below `folder`, and the class of each. */
  readonly files: readonly string[]
  readonly labels: Int32Array
}

type Listing = () => Promise<ImageList>

export interface FolderListing {
  readonly classes: readonly string[]
  /** Each is listed when asked for; `test` is there only where the folder has labeled test images. */
  readonly splits: {
    readonly train: Listing
    readonly validation: Listing
    readonly test: Listing | undefined
  }
  /** How many files of each ending were found beside images, in what was listed so far; and test images without classes. */
  readonly leftOut: Map<string, number>
}

const IMAGE = /\.(jpe?g|png|webp|avif|gif|tiff?)$/i
/** What others call the splits, in any case; of several, the first. */
const NAMES: Readonly<Record<FolderSplit, readonly string[]>> = {
  train: ['train', 'training'],
  validation: ['val', 'valid', 'validation'],
  test: ['test', 'testing'],
}
const VAL_FRACTION = 0.1

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const reasonOf = (cause: unknown): string => {
  const { code, message } = cause as NodeJS.ErrnoException
  return code === 'ENOENT' ? 'no such folder' : code === 'ENOTDIR' ? 'a file' : message
}

const entriesOf = (folder: string, recursive = false): Promise<Dirent[]> =>
  readdir(folder, { withFileTypes: true, recursive }).catch((cause: unknown) => {
    const expected = 'a folder of images, one folder per class in it'
    throw new FileError({ where: folder, expected, got: reasonOf(cause) }, { cause })
  })

/** Whether nothing in a path is hidden, as .git and .ipynb_checkpoints are. */
const isVisible = (path: string): boolean => !/(^|\/)\./.test(path)

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false

/** The folders in a folder, and its other files, by name. */
const contentsOf = async (folder: string): Promise<{ folders: string[]; files: string[] }> => {
  const entries = (await entriesOf(folder)).filter(({ name }) => isVisible(name))
  const isOne = await Promise.all(
    entries.map(
      entry =>
        entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(folder, entry.name))),
    ),
  )
  const named = (wanted: boolean): string[] =>
    entries
      .filter((_, i) => isOne[i] === wanted)
      .map(({ name }) => name)
      .sort(byName)
  return { folders: named(true), files: named(false) }
}

/** The files of one class, at any depth, as paths below the folder. */
const filesIn = async (folder: string, name: string): Promise<string[]> =>
  (await entriesOf(join(folder, name), true))
    .filter(entry => entry.isFile() || entry.isSymbolicLink())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter(isVisible)
    .sort(byName)

const endingOf = (file: string): string => extname(file).toLowerCase() || 'no ending'

/** What a class without images has instead. */
const instead = (files: readonly string[]): string => {
  const endings = [...new Set(files.map(endingOf))]
  return endings.length === 0 ? 'none' : `none, but ${endings.slice(0, 6).join(', ')}`
}

/**
 * A fixed share of a class's images, by the hash of their names: what is held back for validation
 * stays so as long as the names and the fraction do.
 */
const splitOf = (
  files: readonly string[],
  split: 'train' | 'validation',
  valFraction: number,
): string[] => {
  const hash = (file: string): string => createHash('sha256').update(file).digest('hex')
  const ranked = files.map(file => ({ file, rank: hash(file) }))
  ranked.sort((a, b) => byName(a.rank, b.rank) || byName(a.file, b.file))
  // Each gets one where there are two; one alone is to train on.
  const share = Math.max(1, Math.round(files.length * valFraction))
  const held = Math.min(share, files.length - 1)
  const chosen = split === 'validation' ? ranked.slice(0, held) : ranked.slice(held)
  return chosen.map(({ file }) => file).sort(byName)
}

/** Counts files that are not used, by their endings. */
const count = (leftOut: Map<string, number>, files: readonly string[]): void => {
  for (const ending of files.map(endingOf)) leftOut.set(ending, (leftOut.get(ending) ?? 0) + 1)
}

type PerClass = readonly (readonly string[])[]

/** The images of each class in a folder; all but the one to train on may lack classes. */
const listClasses = async (
  folder: string,
  classes: readonly string[],
  mayLack: boolean,
  leftOut: Map<string, number>,
): Promise<PerClass> => {
  const { folders, files } = await contentsOf(folder)
  const stray = folders.filter(name => !classes.includes(name))
  if (stray.length > 0)
    throw new FileError({
      where: folder,
      expected: 'only classes that there are images of to train on',
      got: stray.join(', '),
    })
  count(leftOut, files)
  return Promise.all(
    classes.map(async name => {
      const all = folders.includes(name) ? await filesIn(folder, name) : []
      const images = all.filter(file => IMAGE.test(file))
      if (images.length === 0 && !mayLack)
        throw new FileError({
          where: join(folder, name),
          expected: 'images (JPEG, PNG, WebP, AVIF, GIF, TIFF)',
          got: instead(all),
        })
      count(
        leftOut,
        all.filter(file => !IMAGE.test(file)),
      )
      return images
    }),
  )
}

/**
 * Finds the splits of a folder of images; each is listed when it is asked for.
 * @param valFraction - the share of each class that is held back where there is no `val/`
 * @throws FileError when there are no classes, or one of them has no images to train on
 */
export const listFolder = async (root: string, valFraction?: number): Promise<FolderListing> => {
  const top = await contentsOf(root)
  const found = (split: FolderSplit): string | undefined =>
    NAMES[split].flatMap(name => top.folders.find(other => other.toLowerCase() === name) ?? [])[0]
  const train = found('train')
  const [validation, test] =
    train === undefined ? [undefined, undefined] : [found('validation'), found('test')]
  const divided = (validation ?? test) !== undefined
  if (!divided && train !== undefined && top.folders.length === 1)
    return listFolder(join(root, train), valFraction)
  if (validation !== undefined && valFraction !== undefined)
    throw new UsageError({
      where: 'data.valFraction',
      expected: 'a folder without a validation split of its own',
      got: `${root}, which has ${validation}`,
    })
  const own = divided ? (train as string) : '.'
  const classes = divided ? (await contentsOf(join(root, own))).folders : top.folders
  if (classes.length < 2)
    throw new FileError({
      where: root,
      expected: 'a folder for each of two classes or more',
      got: classes.length === 0 ? 'none' : `only ${classes[0]}`,
      hint: 'Lay images out as train/CLASS/*.jpg and val/CLASS/*.jpg, or as CLASS/*.jpg; for an example: excite data export shapes --to images',
    })
  const leftOut = new Map<string, number>()
  if (divided) count(leftOut, top.files)
  const isLabeled =
    test !== undefined &&
    (await contentsOf(join(root, test))).folders.some(name => classes.includes(name))
  if (test !== undefined && !isLabeled)
    leftOut.set(`${test}/ (no classes)`, (await filesIn(root, test)).length)

  const listed = new Map<string, Promise<PerClass>>()
  const list =
    (split: FolderSplit, name: string, part = (files: readonly string[]) => files): Listing =>
    async () => {
      const folder = join(root, name)
      const all = listed.get(name) ?? listClasses(folder, classes, name !== own, leftOut)
      listed.set(name, all)
      const perClass = (await all).map(part)
      const labels = perClass.flatMap((files, label) => files.map(() => label))
      return { split, folder, files: perClass.flat(), labels: Int32Array.from(labels) }
    }
  const share = (split: 'train' | 'validation'): Listing =>
    list(split, own, files => splitOf(files, split, valFraction ?? VAL_FRACTION))
  const tested = isLabeled ? list('test', test) : undefined
  // A test set stands in where nothing else was asked for, as those of published sets do.
  const standIn = valFraction === undefined ? tested : undefined
  const held = validation === undefined ? standIn : list('validation', validation)
  return {
    classes,
    splits: {
      train: held === undefined ? share('train') : list('train', own),
      validation: held ?? share('validation'),
      test: tested,
    },
    leftOut,
  }
}
