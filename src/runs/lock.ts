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

/** The file in a run's folder that says who trains there. */
export const LOCK = 'run.lock'
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
export type Holder = z.infer<typeof holderSchema>

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

/** The locks that this process has, with what it wrote there. */
const held = new Map<string, string>()

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

/** Who still has the run whose lock has this path and says this; nobody where its process has ended. */
export const holderIn = (path: string, text: string): Holder | undefined => {
  const holder = readHolder(text)
  return holder !== undefined && isRunning(path, holder) ? holder : undefined
}

const placeOf = ({ host }: Holder): string => (host === hostname() ? '' : ` on ${host}`)

/** A lock's holder in words. */
export const holderText = (holder: Holder): string => `process ${holder.pid}${placeOf(holder)}`

const refuse = (folder: string, holder: Holder): never => {
  const { pid, since } = holder
  const there = placeOf(holder)
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

/** Who has a run's folder, in words; undefined where nobody does, or nobody any more. */
export const lockHolder = async (folder: string): Promise<string | undefined> => {
  const path = resolve(folder, LOCK)
  const holder = holderIn(path, (await readLock(path)) ?? '')
  return holder && holderText(holder)
}

/** Takes away the lock of another machine: for whoever knows that it has lost the run. */
export const breakLock = async (folder: string): Promise<void> => {
  const path = resolve(folder, LOCK)
  const text = (await readLock(path)) ?? ''
  const holder = readHolder(text)
  if (holder !== undefined && holder.host !== hostname()) await takeAway(path, text)
}

/**
 * Makes sure that a folder which this process has locked was not taken over meanwhile.
 * @throws UsageError where it was
 */
export const checkLocked = async (folder: string): Promise<void> => {
  const path = resolve(folder, LOCK)
  const own = held.get(path)
  if (own === undefined) return
  const text = await readLock(path)
  if (text === own) return
  const holder = readHolder(text ?? '')
  throw new UsageError({
    where: folder,
    expected: 'the lock of this process',
    got: holder === undefined ? 'none' : `one of process ${holder.pid}${placeOf(holder)}`,
    hint: 'The run was taken over. Nothing more is written here',
  })
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
  const text = JSON.stringify(own())
  const unlock = async (): Promise<void> => {
    held.delete(path)
    const found = (await readLock(path).catch(() => undefined)) ?? ''
    if (found !== text && readHolder(found) !== undefined) return
    // A lock that cannot be removed is stale from now on.
    await remove(path).catch(() => {})
  }
  for (;;) {
    const file = await disk.open(path, 'wx').catch((cause: unknown) => {
      if (codeOf(cause) !== 'EEXIST') throw writeFailure(path, 100, cause)
    })
    if (file !== undefined) {
      held.set(path, text)
      try {
        await file.writeFile(text).finally(() => file.close())
        await sweepTemporaries(folder)
        return unlock
      } catch (cause) {
        await unlock()
        throw writeFailure(path, 100, cause)
      }
    }
    const other = await readLock(path)
    const found = await disk.stat(path).catch(() => undefined)
    if (found === undefined || other === undefined) continue
    const holder = readHolder(other)
    if (holder === undefined && Date.now() - found.mtimeMs < GRACE) await setTimeout(20)
    else if (holder !== undefined && isRunning(path, holder)) refuse(folder, holder)
    else
      await takeAway(path, other).catch((cause: unknown) => {
        throw writeFailure(path, 0, cause)
      })
  }
}
