/**
 * Which pictures a folder holds: one folder a class, in `train/` and `val/` (or `test/`), or in one
 * place that is split here. The order is that of the names, so the same on every machine.
 */

import { createHash } from 'node:crypto'
import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { FileError } from '../../errors.ts'
import type { Split } from '../dataset.ts'

export interface Listing {
  readonly classes: readonly string[]
  /** Paths below `folder`, and the class of each. */
  readonly folder: string
  readonly files: readonly string[]
  readonly labels: Int32Array
}

const PICTURE = /\.(jpe?g|png|webp)$/i
const HALVES = { train: ['train'], test: ['val', 'test'] } as const

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const entriesOf = (folder: string, recursive = false): Promise<Dirent[]> =>
  readdir(folder, { withFileTypes: true, recursive }).catch((cause: unknown) => {
    throw new FileError(
      {
        where: folder,
        expected: 'a folder of pictures, one folder a class in it',
        got: cause instanceof Error ? cause.message : String(cause),
      },
      { cause },
    )
  })

const shown = (name: string): boolean => !name.startsWith('.')

const foldersIn = async (folder: string): Promise<string[]> =>
  (await entriesOf(folder))
    .filter(entry => (entry.isDirectory() || entry.isSymbolicLink()) && shown(entry.name))
    .map(({ name }) => name)
    .sort(byName)

/** The pictures of one class, at any depth, as paths below the folder. */
const picturesIn = async (folder: string, name: string): Promise<string[]> =>
  (await entriesOf(join(folder, name), true))
    .filter(entry => !entry.isDirectory() && PICTURE.test(entry.name) && shown(entry.name))
    .map(entry => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort(byName)

/**
 * A fixed share of a class's pictures, by the hash of their names: what lies in one half stays there
 * as long as the names and the fraction do.
 */
const half = (files: readonly string[], split: Split, valFraction: number): string[] => {
  const hash = (file: string): string => createHash('sha256').update(file).digest('hex')
  const ranked = files.map(file => ({ file, rank: hash(file) }))
  ranked.sort((a, b) => byName(a.rank, b.rank) || byName(a.file, b.file))
  // Each half gets one where there are two.
  const held = Math.max(1, Math.min(Math.round(files.length * valFraction), files.length - 1))
  const chosen = split === 'test' ? ranked.slice(0, held) : ranked.slice(held)
  return chosen.map(({ file }) => file).sort(byName)
}

/**
 * Lists one half of a folder of pictures.
 * @throws FileError when there are no classes, or one of them has no pictures to train on
 */
export const listPictures = async (
  root: string,
  split: Split,
  valFraction: number,
): Promise<Listing> => {
  const top = await foldersIn(root)
  const found = (names: readonly string[]): string | undefined =>
    names.find(name => top.includes(name))
  const [trained, tested] = [found(HALVES.train), found(HALVES.test)]
  const divided = trained !== undefined && tested !== undefined
  if (!divided && trained !== undefined && top.length === 1)
    return listPictures(join(root, trained), split, valFraction)
  const folder = divided ? join(root, split === 'train' ? trained : tested) : root
  const classes = divided ? await foldersIn(join(root, trained)) : top
  if (classes.length < 2)
    throw new FileError({
      where: root,
      expected: 'a folder for each of two classes or more',
      got: classes.length === 0 ? 'none' : `only ${classes[0]}`,
      hint: 'Lay pictures out as train/CLASS/*.jpg and val/CLASS/*.jpg, or as CLASS/*.jpg; for an example: excite data export shapes --to pictures',
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
      const files = present.includes(name) ? await picturesIn(folder, name) : []
      if (files.length === 0 && (split === 'train' || !divided))
        throw new FileError({
          where: join(folder, name),
          expected: 'pictures (JPEG, PNG, WebP)',
          got: 'none',
        })
      return divided ? files : half(files, split, valFraction)
    }),
  )
  return {
    classes,
    folder,
    files: perClass.flat(),
    labels: Int32Array.from(perClass.flatMap((files, label) => files.map(() => label))),
  }
}
