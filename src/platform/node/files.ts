/** Where what is fetched or found out is kept, and writing files so that a crash leaves the old content or the new one, never a part. */

import { statfsSync } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { FileError, messageOf } from '../../errors/index.ts'

/** `EXCITE_CACHE`, or `excite` in the user's cache folder. */
export const cacheFolder = (): string =>
  process.env.EXCITE_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'excite')

const sizeText = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${Math.ceil(bytes / 1e6)} MB`

/** What is free on the disk of a path, which need not exist; undefined where nobody tells. */
const freeBytes = (path: string): number | undefined => {
  for (let at = resolve(path); ; at = dirname(at))
    try {
      const { bavail, bsize } = statfsSync(at)
      return bavail * bsize
    } catch {
      if (at === dirname(at)) return undefined
    }
}

/** What the system said, as an error that names the path and what to do. */
export const writeFailure = (path: string, bytes: number, cause: unknown): FileError => {
  const code = (cause as NodeJS.ErrnoException).code
  const free = code === 'ENOSPC' ? freeBytes(path) : undefined
  return new FileError(
    {
      where: path,
      expected: bytes > 0 ? `to write ${sizeText(bytes)}` : 'to write',
      got: messageOf(cause),
      ...(free === undefined ? {} : { context: `${sizeText(free)} free there` }),
      ...(code === 'ENOSPC'
        ? { hint: `Free at least ${sizeText(bytes)} on that disk and resume` }
        : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
          ? { hint: 'Choose a folder that you may write to' }
          : {}),
    },
    { cause },
  )
}

/**
 * Makes a folder, and those above it that are missing. Not by mkdir's own `recursive`, which in
 * Node 20 never ends where the system lets nobody make any, such as in /proc.
 * @throws FileError when the system refuses, or something else has the name
 */
export const makeFolder = async (path: string): Promise<void> => {
  const missing: string[] = []
  const isFolder = async (at: string): Promise<boolean> => {
    const found = await stat(at).catch(() => undefined)
    if (found === undefined || found.isDirectory()) return found !== undefined
    throw new FileError({
      where: path,
      expected: 'a place for a folder',
      got: `${at}, which is a file`,
    })
  }
  for (let at = resolve(path); !(await isFolder(at)) && at !== dirname(at); at = dirname(at))
    missing.push(at)
  for (const folder of missing.reverse())
    try {
      await mkdir(folder)
    } catch (cause) {
      // Another process may have been faster.
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') continue
      const {
        where,
        got,
        hint = 'Choose a place that you may write to',
      } = writeFailure(path, 0, cause)
      throw new FileError({ where, expected: 'a place for a folder', got, hint }, { cause })
    }
}

/** Makes what was done in a folder last through a power loss. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a new file and makes it last; the name must be free. */
export const writeSynced = async (path: string, bytes: Uint8Array): Promise<void> => {
  const handle: FileHandle = await open(path, 'wx')
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Writes a file beside its place, then renames it into place.
 * @throws FileError that names the path, what was needed and what the system said
 */
export const writeFileAtomic = async (
  path: string,
  content: Uint8Array | string,
): Promise<void> => {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const temporary = `${path}.tmp-${process.pid}`
  try {
    await makeFolder(dirname(path))
    await rm(temporary, { force: true })
    await writeSynced(temporary, bytes)
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    throw cause instanceof FileError ? cause : writeFailure(path, bytes.length, cause)
  }
}
