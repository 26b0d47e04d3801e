/** What lies in folders: their images and their other files by name, nothing hidden. */

import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { FileError, messageOf } from '../../errors/index.ts'
import { codeOf } from '../../platform/node/files.ts'

export const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const REASONS: Readonly<Record<string, string>> = { ENOENT: 'no such folder', ENOTDIR: 'a file' }

const entriesOf = (folder: string, recursive = false): Promise<Dirent[]> =>
  readdir(folder, { withFileTypes: true, recursive }).catch((cause: unknown) => {
    const expected = 'a folder of images, one folder per class in it'
    const got = REASONS[codeOf(cause) ?? ''] ?? messageOf(cause)
    throw new FileError({ where: folder, expected, got }, { cause })
  })

/** Whether nothing in a path is hidden, as .git and .ipynb_checkpoints are. */
const isVisible = (path: string): boolean => !/(^|\/)\./.test(path)

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false

/** The folders in a folder, and its other files, by name. */
export const contentsOf = async (
  folder: string,
): Promise<{ readonly folders: readonly string[]; readonly files: readonly string[] }> => {
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

/** All files in a folder of a folder, at any depth, as paths below the outer one. */
export const filesIn = async (folder: string, name = '.'): Promise<string[]> =>
  (await entriesOf(join(folder, name), true))
    .filter(entry => entry.isFile() || entry.isSymbolicLink())
    .map(entry => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter(isVisible)
    .sort(byName)
