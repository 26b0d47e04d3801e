/** Files of a run, opened so that nothing but a plain file of that very folder is read. */

import { constants } from 'node:fs'
import { type FileHandle, open, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FileError } from '../errors/index.ts'
import { codeOf } from '../platform/node/files.ts'
import { RUN_FILES } from '../runs/runFolder.ts'

/** All names that are ever opened in a run's folder. */
const NAMES: ReadonlySet<string> = new Set([...Object.values(RUN_FILES), 'model.json', 'run.lock'])

const refuse = (where: string, got: string): never => {
  throw new FileError({ where, expected: 'a plain file of the run', got })
}

/**
 * Opens a file of a run to read it. It is looked at after it was opened, so that nothing can be put in
 * its place in between; links, also hard ones, lead to files of others.
 * @param run - the real path of the run's folder
 * @returns undefined where there is none
 * @throws FileError for what is no plain file there
 */
export const openConfined = async (run: string, name: string): Promise<FileHandle | undefined> => {
  const path = join(run, name)
  if (!NAMES.has(name)) return refuse(path, 'another name')
  const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_RDONLY } = constants
  const file = await open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW).catch((cause: unknown) => {
    const code = codeOf(cause)
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : refuse(path, code ?? 'a failure')
  })
  if (file === undefined) return undefined
  try {
    const found = await file.stat()
    if (!found.isFile()) refuse(path, 'no plain file')
    if (found.nlink > 1) refuse(path, 'a hard link')
    // Where a folder on the way became a link, this is another path, or another file.
    const [real, there] = await Promise.all([realpath(path), stat(path)])
    if (real !== path || there.ino !== found.ino || there.dev !== found.dev)
      refuse(path, 'a link on the way')
    return file
  } catch (cause) {
    await file.close()
    if (codeOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}

/** Reads such a file whole; undefined where there is none. */
export const readConfined = async (
  run: string,
  name: string,
  most: number,
): Promise<string | undefined> => {
  const file = await openConfined(run, name)
  try {
    const { size = 0 } = (await file?.stat()) ?? {}
    if (size > most) refuse(join(run, name), `${size} bytes`)
    return await file?.readFile('utf8')
  } finally {
    await file?.close()
  }
}
