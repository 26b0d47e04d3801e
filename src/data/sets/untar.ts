/**
 * Known files out of a .tar.gz, by `tar`, npm's own reader. Only plain files of the names asked for
 * are taken, into names of ours: what an archive says of other paths, links and owners is not heeded.
 */

import { existsSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { list, type ReadEntry } from 'tar'
import { FileError, messageOf } from '../../errors/index.ts'
import { makeFolder, whyUnreadable, writeFailure } from '../../platform/node/files.ts'

/** Above any file of the sets that are known. */
const MOST_BYTES = 2 ** 28
/** As tar of 1979 and of now has them. */
const PLAIN: readonly string[] = ['File', 'OldFile']

/** The files of an archive by their names below a folder in it. */
const read = async (
  archive: string,
  inside: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, Buffer>> => {
  const refuse = (expected: string, got: string, cause?: unknown): never => {
    throw new FileError(
      {
        where: archive,
        expected,
        got,
        hint: 'The archive is damaged or another: remove it and let Excite fetch it again',
      },
      { cause },
    )
  }
  const problem = whyUnreadable(archive, 4 * MOST_BYTES)
  if (problem !== undefined) refuse('a .tar.gz archive', problem)
  const found = new Map<string, Promise<Buffer>>()
  const wrong: string[] = []
  const take = (entry: ReadEntry): void => {
    const name = names.find(name => entry.path === `${inside}/${name}`)
    if (name === undefined) entry.resume()
    else if (found.has(name) || !PLAIN.includes(entry.type) || entry.size > MOST_BYTES) {
      wrong.push(
        `${entry.type} of ${entry.size} bytes called ${name}${found.has(name) ? ' again' : ''}`,
      )
      entry.resume()
    } else {
      const bytes = entry.concat()
      // Of an archive that breaks off, the archive says so.
      bytes.catch(() => {})
      found.set(name, bytes)
    }
  }
  await list({ file: archive, strict: true, onReadEntry: take }).catch((cause: unknown) =>
    refuse('a .tar.gz archive', messageOf(cause), cause),
  )
  if (wrong.length > 0) refuse('plain files, once each', wrong.join(', '))
  const missing = names.filter(name => !found.has(name))
  if (missing.length > 0) refuse(`${names.join(', ')} in ${inside}`, `no ${missing.join(', ')}`)
  return new Map(
    await Promise.all([...found].map(async ([name, bytes]) => [name, await bytes] as const)),
  )
}

/**
 * Unpacks files that lie in a folder of an archive into a folder, which appears when all are there.
 * @throws FileError for an archive that is damaged or lacks one of them, and when the disk fails
 */
export const untar = async (
  archive: string,
  inside: string,
  names: readonly string[],
  to: string,
): Promise<void> => {
  const files = await read(archive, inside, names)
  const temporary = `${to}.tmp-${process.pid}`
  try {
    await rm(temporary, { recursive: true, force: true })
    await makeFolder(temporary)
    for (const [name, bytes] of files)
      await writeFile(join(temporary, name), bytes).catch((cause: unknown) => {
        throw writeFailure(join(to, name), bytes.length, cause)
      })
    // Another process may have been faster, with the same files.
    await rename(temporary, to).catch((cause: unknown) => {
      if (!names.every(name => existsSync(join(to, name)))) throw writeFailure(to, 0, cause)
    })
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}
