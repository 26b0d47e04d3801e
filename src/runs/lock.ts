/** One process trains in a run's folder at a time: a file says which, until that process has ended. */

import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { FileError, UsageError } from '../errors/index.ts'
import {
  codeOf,
  disk,
  isProcess,
  makeFolder,
  readText,
  remove,
  sweepTemporaries,
  writeFailure,
} from '../platform/node/files.ts'

const LOCK = 'run.lock'
/** A lock is one line. */
const LARGEST = 10_000
/** Milliseconds in which a lock that says nothing may still be written. */
const GRACE = 2000

const holderSchema = z.strictObject({
  host: z.string(),
  pid: z.number().int().positive(),
  /** In the system's own clock; with the id it names a process for good. */
  started: z.string().optional(),
  since: z.string(),
})
type Holder = z.infer<typeof holderSchema>

/** When a process began, as Linux has it (proc(5), the 22nd field); elsewhere nothing tells. */
const startOf = (pid: number): string | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

const own = (): Holder => ({
  host: hostname(),
  pid: process.pid,
  started: startOf(process.pid),
  since: new Date().toISOString(),
})

/** The locks that this process has. */
const held = new Set<string>()

/** Whether the process that a lock names has it still; of other machines nobody knows. */
const isRunning = (path: string, { host, pid, started }: Holder): boolean => {
  if (host !== hostname()) return true
  if (!isProcess(pid) || (pid === process.pid && !held.has(path))) return false
  const now = startOf(pid)
  return started === undefined || now === undefined || now === started
}

/** What a lock says; undefined where it says nothing, because its writer crashed at that moment. */
const readHolder = (text: string): Holder | undefined => {
  try {
    return holderSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

const refuse = (folder: string, { host, pid, since }: Holder): never => {
  const there = host === hostname() ? '' : ` on ${host}`
  throw new UsageError({
    where: folder,
    expected: 'an unlocked run folder',
    got: `one locked by process ${pid}${there} since ${since}`,
    hint: `Wait for that process to finish, or stop it${there === '' ? '' : `. If it is gone, remove ${join(folder, LOCK)}`}`,
  })
}

/** What the file says; undefined where there is none any more. */
const readLock = async (path: string): Promise<string | undefined> => {
  try {
    return await readText(path, LARGEST)
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined
    if (!(cause instanceof FileError)) throw writeFailure(path, 0, cause)
    const { where, got } = cause
    const hint = `Remove ${path}`
    throw new FileError({ where, expected: 'the lock of a run', got, hint }, { cause })
  }
}

/** Takes a stale lock away, unless somebody else has meanwhile put theirs in its place. */
const takeAway = async (path: string, stale: string): Promise<void> => {
  const aside = `${path}.tmp-${process.pid}`
  await disk.rename(path, aside).catch(() => {})
  const moved = await readText(aside, LARGEST).catch(() => stale)
  if (moved === stale) await remove(aside)
  else await disk.rename(aside, path)
}

/**
 * Locks a run's folder for this process, and gives back what unlocks it. What processes left behind
 * that were killed while they wrote there is removed.
 * @throws UsageError that names the process which has it; FileError when something else has the
 * lock's name; SaveError when the disk refuses
 */
export const lockRun = async (folder: string): Promise<() => Promise<void>> => {
  await makeFolder(folder)
  const path = resolve(folder, LOCK)
  const unlock = async (): Promise<void> => {
    held.delete(path)
    // A lock that cannot be removed is stale from now on.
    await remove(path).catch(() => {})
  }
  for (;;) {
    const file = await disk.open(path, 'wx').catch((cause: unknown) => {
      if (codeOf(cause) !== 'EEXIST') throw writeFailure(path, 100, cause)
    })
    if (file !== undefined) {
      held.add(path)
      try {
        await file.writeFile(JSON.stringify(own())).finally(() => file.close())
        await sweepTemporaries(folder)
        return unlock
      } catch (cause) {
        await unlock()
        throw writeFailure(path, 100, cause)
      }
    }
    const text = await readLock(path)
    const found = await disk.stat(path).catch(() => undefined)
    if (found === undefined || text === undefined) continue
    const holder = readHolder(text)
    if (holder === undefined && Date.now() - found.mtimeMs < GRACE) await setTimeout(20)
    else if (holder !== undefined && isRunning(path, holder)) refuse(folder, holder)
    else
      await takeAway(path, text).catch((cause: unknown) => {
        throw writeFailure(path, 0, cause)
      })
  }
}
