/**
 * Which images a folder holds: one folder a class, in `train/` and `val/` (or `test/`), or in one
 * place that is split here. The order is that of the names, so the same on every machine.
 */

import { createHash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { extname, join, relative } from 'node:path'
import { FileError, messageOf } from '../../errors/index.ts'
import type { Split } from '../dataset.ts'

export interface Listing {
  readonly classes: readonly string[]
  /** Paths below `folder`, and the class of each. */
  readonly folder: string
  readonly files: readonly string[]
  readonly labels: Int32Array
  /** Whether the folder itself has two halves. */
  readonly divided: boolean
}

const IMAGE = /\.(jpe?g|png|webp)$/i
/** What others call the halves, in any case; of several, the first. */
const HALVES = {
  train: ['train', 'training'],
  test: ['val', 'valid', 'validation', 'test', 'testing'],
} as const

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const entriesOf = (folder: string, recursive = false): Promise<Dirent[]> =>
  readdir(folder, { withFileTypes: true, recursive }).catch((cause: unknown) => {
    throw new FileError(
      {
        where: folder,
        expected: 'a folder of images, one folder a class in it',
        got: messageOf(cause),
      },
      { cause },
    )
  })

/** Nothing in a path is hidden, as .git and .ipynb_checkpoints are. */
const shown = (path: string): boolean => !/(^|\/)\./.test(path)

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false

const foldersIn = async (folder: string): Promise<string[]> => {
  const entries = (await entriesOf(folder)).filter(({ name }) => shown(name))
  const folders = await Promise.all(
    entries.map(
      entry =>
        entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(folder, entry.name))),
    ),
  )
  return entries
    .filter((_, i) => folders[i])
    .map(({ name }) => name)
    .sort(byName)
}

/** The files of one class, at any depth, as paths below the folder. */
const filesIn = async (folder: string, name: string): Promise<string[]> =>
  (await entriesOf(join(folder, name), true))
    .filter(entry => entry.isFile() || entry.isSymbolicLink())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter(shown)
    .sort(byName)

/** What a class without images has instead. */
const instead = (files: readonly string[]): string => {
  const endings = [...new Set(files.map(file => extname(file).toLowerCase()))]
  return endings.length === 0 ? 'none' : `none, but ${endings.slice(0, 6).join(', ')}`
}

/**
 * A fixed share of a class's images, by the hash of their names: what lies in one half stays there
 * as long as the names and the fraction do.
 */
const half = (files: readonly string[], split: Split, valFraction: number): string[] => {
  const hash = (file: string): string => createHash('sha256').update(file).digest('hex')
  const ranked = files.map(file => ({ file, rank: hash(file) }))
  ranked.sort((a, b) => byName(a.rank, b.rank) || byName(a.file, b.file))
  // Each half gets one where there are two; one alone is to train on.
  const share = Math.max(1, Math.round(files.length * valFraction))
  const held = Math.min(share, files.length - 1)
  const chosen = split === 'test' ? ranked.slice(0, held) : ranked.slice(held)
  return chosen.map(({ file }) => file).sort(byName)
}

/**
 * Lists one half of a folder of images.
 * @throws FileError when there are no classes, or one of them has no images to train on
 */
export const listImages = async (
  root: string,
  split: Split,
  valFraction: number,
): Promise<Listing> => {
  const top = await foldersIn(root)
  const found = (names: readonly string[]): string | undefined =>
    names.flatMap(name => top.find(other => other.toLowerCase() === name) ?? [])[0]
  const [trained, tested] = [found(HALVES.train), found(HALVES.test)]
  const divided = trained !== undefined && tested !== undefined
  if (!divided && trained !== undefined && top.length === 1)
    return listImages(join(root, trained), split, valFraction)
  const folder = divided ? join(root, split === 'train' ? trained : tested) : root
  const classes = divided ? await foldersIn(join(root, trained)) : top
  if (classes.length < 2)
    throw new FileError({
      where: root,
      expected: 'a folder for each of two classes or more',
      got: classes.length === 0 ? 'none' : `only ${classes[0]}`,
      hint: 'Lay images out as train/CLASS/*.jpg and val/CLASS/*.jpg, or as CLASS/*.jpg; for an example: excite data export shapes --to images',
    })
  const present = divided ? await foldersIn(folder) : classes
  const stray = present.filter(name => !classes.includes(name))
  if (stray.length > 0)
    throw new FileError({
      where: folder,
      expected: `classes that are in ${join(root, trained ?? '')} too`,
      got: stray.join(', '),
    })
  const perClass = await Promise.all(
    classes.map(async name => {
      const all = present.includes(name) ? await filesIn(folder, name) : []
      const files = all.filter(file => IMAGE.test(file))
      if (files.length === 0 && (split === 'train' || !divided))
        throw new FileError({
          where: join(folder, name),
          expected: 'images (JPEG, PNG, WebP)',
          got: instead(all),
        })
      return divided ? files : half(files, split, valFraction)
    }),
  )
  return {
    divided,
    classes,
    folder,
    files: perClass.flat(),
    labels: Int32Array.from(perClass.flatMap((files, label) => files.map(() => label))),
  }
}
