/**
 * Files that outlive a crash: written so that it leaves the old content or the new one, never a part,
 * and read so that nothing but a file is waited for.
 */

import { constants, statfsSync, statSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { FileError, messageOf, type Refuse, refuser, SaveError } from '../../errors/index.ts'

/** The calls of the system that a run makes, in one place so that tests can make each of them fail. */
export const disk = { mkdir, open, readdir, rename, rm, stat }

/** `EXCITE_CACHE`, or `excite` in the user's cache folder. */
export const cacheFolder = (): string =>
  process.env.EXCITE_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'excite')

/** The system's name of an error, such as ENOENT. */
export const codeOf = (cause: unknown): string | undefined => (cause as NodeJS.ErrnoException).code
/** What keeps a path from being read as a file of at most so many bytes; undefined where nothing does. */
export const whyUnreadable = (path: string, mostBytes: number): string | undefined => {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined) return 'no such file'
    if (found.isDirectory()) return 'a folder'
    // Reading a pipe waits for ever, and a device may have no end.
    if (!found.isFile()) return 'no plain file'
    return found.size > mostBytes ? `${found.size} bytes` : undefined
  } catch (cause) {
    return messageOf(cause)
  }
}

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
export const writeFailure = (path: string, bytes: number, cause: unknown): SaveError => {
  const code = codeOf(cause)
  const free = code === 'ENOSPC' ? freeBytes(path) : undefined
  return new SaveError(
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
 * Makes a folder, and those above it that are missing, so that they last. Not by mkdir's own
 * `recursive`, which in Node 20 never ends where the system lets nobody make any, such as in /proc.
 * @throws SaveError when the system refuses; FileError when something else has the name
 */
export const makeFolder = async (path: string): Promise<void> => {
  const missing: string[] = []
  const isFolder = async (at: string): Promise<boolean> => {
    const found = await disk.stat(at).catch(() => undefined)
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
      await disk.mkdir(folder)
      await syncFolder(dirname(folder))
    } catch (cause) {
      // Another process may have been faster.
      if (codeOf(cause) === 'EEXIST') continue
      const {
        where,
        got,
        hint = 'Choose a place that you may write to',
      } = writeFailure(path, 0, cause)
      throw new SaveError({ where, expected: 'a place for a folder', got, hint }, { cause })
    }
}

/** Makes what was done in a folder last through a power loss. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await disk.open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a new file and makes it last; the name must be free. */
export const writeSynced = async (path: string, bytes: Uint8Array): Promise<void> => {
  const handle = await disk.open(path, 'wx')
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Removes a file or a whole folder; one that is not there is no failure. */
export const remove = (path: string): Promise<void> =>
  disk.rm(path, { recursive: true, force: true })

/** Temporary files of this process that are being written now. */
const writing = new Set<string>()
let written = 0

/**
 * Writes a file beside its place, then renames it into place.
 * @throws SaveError that names the path, what was needed and what the system said
 */
export const writeFileAtomic = async (
  path: string,
  content: Uint8Array | string,
): Promise<void> => {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  const temporary = `${path}.tmp-${process.pid}-${written++}`
  writing.add(basename(temporary))
  try {
    await makeFolder(dirname(path))
    await remove(temporary)
    await writeSynced(temporary, bytes)
    await disk.rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    await remove(temporary).catch(() => {})
    throw cause instanceof FileError ? cause : writeFailure(path, bytes.length, cause)
  } finally {
    writing.delete(basename(temporary))
  }
}

/** Whether a process is there; one that may not be signaled is. */
export const isProcess = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    return codeOf(cause) !== 'ESRCH'
  }
}

/** Removes the temporary files that processes left in a folder when they were killed. */
export const sweepTemporaries = async (folder: string): Promise<void> => {
  for (const name of await disk.readdir(folder)) {
    const pid = Number(/\.tmp-(\d+)(-\d+)?$/.exec(name)?.[1])
    if (pid === process.pid ? !writing.has(name) : pid > 0 && !isProcess(pid))
      await remove(join(folder, name))
  }
}

/** Whether something has this name. */
export const exists = (path: string): Promise<boolean> =>
  disk.stat(path).then(
    () => true,
    () => false,
  )

/**
 * Reads a file whole. What is no file is refused at once, where reading would wait for a writer or
 * never end; so is a larger one, before any memory is taken.
 * @throws FileError for these; what the system said where it cannot be opened
 */
export const readWhole = async (
  path: string,
  most = Number.POSITIVE_INFINITY,
): Promise<Uint8Array> => {
  const refuse: Refuse = refuser(FileError, path)
  // Opening a pipe would wait for its writer.
  const handle = await disk.open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const found = await handle.stat()
    if (!found.isFile()) refuse('a file', found.isDirectory() ? 'a folder' : 'a pipe or a device')
    if (found.size > most) refuse(`at most ${most} bytes`, `${found.size}`)
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

/**
 * Reads a file whole that must be there.
 * @throws FileError that says what the system said
 */
export const readRequired = (path: string): Promise<Uint8Array> =>
  readWhole(path).catch((cause: unknown) => {
    if (cause instanceof FileError) throw cause
    const got = messageOf(cause)
    throw new FileError({ where: path, expected: 'a readable file', got }, { cause })
  })

/** Reads a file of text whole, as `readWhole` does. */
export const readText = async (path: string, most?: number): Promise<string> =>
  new TextDecoder().decode(await readWhole(path, most))
