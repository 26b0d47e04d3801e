/** Where what is fetched or found out is kept, and writing files so that a crash leaves the old content or the new one, never a part. */

import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { FileError } from './errors.ts'

/** `EXCITE_CACHE`, or `excite` in the user's cache folder. */
export const cacheFolder = (): string =>
  process.env.EXCITE_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'excite')

const sizeText = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${Math.ceil(bytes / 1e6)} MB`

/** What the system said, as an error that names the path and what to do. */
export const writeFailure = (path: string, bytes: number, cause: unknown): FileError => {
  const code = (cause as NodeJS.ErrnoException).code
  return new FileError(
    {
      where: path,
      expected: `to write ${sizeText(bytes)}`,
      got: cause instanceof Error ? cause.message : String(cause),
      ...(code === 'ENOSPC'
        ? { hint: `Free at least ${sizeText(bytes)} on that disk and resume` }
        : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
          ? { hint: 'Choose a folder that you may write to' }
          : {}),
    },
    { cause },
  )
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
    await mkdir(dirname(path), { recursive: true })
    await rm(temporary, { force: true })
    await writeSynced(temporary, bytes)
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    throw writeFailure(path, bytes.length, cause)
  }
}
