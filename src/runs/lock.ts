/** One process trains in a run's folder at a time: a file says which, until that process has ended. */

import { readFileSync } from 'node:fs'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { UsageError } from '../errors/index.ts'
import { makeFolder, writeFailure } from '../platform/node/files.ts'

const LOCK = 'run.lock'
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

const own = (): Holder => {
  const started = startOf(process.pid)
  return {
    host: hostname(),
    pid: process.pid,
    ...(started === undefined ? {} : { started }),
    since: new Date().toISOString(),
  }
}

/** Whether the process that a lock names is there still; of other machines nobody knows. */
const isRunning = ({ host, pid, started }: Holder): boolean => {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
  } catch (cause) {
    // Not being allowed to signal it means that there is one.
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  return started === undefined || startOf(pid) === undefined || startOf(pid) === started
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
    expected: 'a run that no other process is training',
    got: `process ${pid}${there} at it since ${since}`,
    hint: `Wait for it, or end it${there === '' ? '' : `; if it is not there any more, remove ${join(folder, LOCK)}`}`,
  })
}

/** Takes a stale lock away, unless somebody else has meanwhile put theirs in its place. */
const takeAway = async (path: string, stale: string): Promise<void> => {
  const aside = `${path}.${process.pid}`
  await rename(path, aside).catch(() => {})
  const moved = await readFile(aside, 'utf8').catch(() => stale)
  if (moved === stale) await rm(aside, { force: true })
  else await rename(aside, path)
}

/**
 * Locks a run's folder for this process, and gives back what unlocks it.
 * @throws UsageError that names the process which has it; FileError when the disk refuses
 */
export const lockRun = async (folder: string): Promise<() => Promise<void>> => {
  await makeFolder(folder)
  const path = join(folder, LOCK)
  for (;;) {
    try {
      const file = await open(path, 'wx')
      await file.writeFile(JSON.stringify(own())).finally(() => file.close())
      return () => rm(path, { force: true })
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw writeFailure(path, 100, cause)
    }
    const found = await stat(path).catch(() => undefined)
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (found === undefined || text === undefined) continue
    const holder = readHolder(text)
    if (holder === undefined && Date.now() - found.mtimeMs < GRACE) await setTimeout(20)
    else if (holder !== undefined && isRunning(holder)) refuse(folder, holder)
    else await takeAway(path, text)
  }
}
