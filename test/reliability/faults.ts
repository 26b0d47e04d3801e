/** Trainings on a disk that fails at any one call, once or for good, and what is true of them afterwards. */

import type { FileHandle } from 'node:fs/promises'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ExciteError } from '../../src/errors/index.ts'
import { failureOf, watchDisk } from '../support/disk.ts'
import { digestOf } from './kills.ts'
import { type Modules, trainOnce } from './trainings.ts'

export const CODES = ['ENOSPC', 'EIO', 'EACCES', 'EMFILE'] as const

export interface Fault {
  readonly code: (typeof CODES)[number]
  /** Which call of the disk, from 1. */
  readonly at: number
  /** Not only that one, but all from then on. */
  readonly lasting: boolean
  /** What had to be done was done, or half of it where it was writing. */
  readonly done: boolean
}

export const faultText = ({ code, at, lasting, done }: Fault): string =>
  `${code} ${done ? 'after' : 'before'} call ${at}${lasting ? ' and all that follow' : ''}`

/** Lets a disk fail as said; what it gives back counts the calls and ends the failing. */
export const failDisk = (
  { disk }: Modules,
  fault: Fault | undefined,
): { calls(): number; end(): void } => {
  let calls = 0
  const end = watchDisk(disk, async ({ name, path, content }, work) => {
    calls++
    const now = fault !== undefined && (calls === fault.at || (fault.lasting && calls > fault.at))
    // Closing frees the handle even where it says that it failed.
    if (!now || name === 'close') return work()
    if (fault.done) {
      const result = await work()
      if (name === 'open') await (result as FileHandle).close()
    } else if (name === 'writeFile') {
      const half = content?.slice(0, content.length / 2) ?? ''
      await writeFile(path, half).catch(() => {})
    }
    throw failureOf(fault.code)
  })
  return { calls: () => calls, end }
}

/** The parts of a run that do not depend on how often it was saved. */
export const resultOf = async (folder: string): Promise<Readonly<Record<string, string>>> => {
  const all = Object.entries(await digestOf(folder))
  return Object.fromEntries(all.filter(([name]) => !name.startsWith('checkpoints/')))
}

/**
 * Trains on a failing disk, then goes on with it on a good one.
 * @returns what is wrong; undefined where the fault was either borne or said, and nothing was lost
 */
export const trainThrough = async (
  modules: Modules,
  name: string,
  place: string,
  fault: Fault,
  expected: Readonly<Record<string, string>>,
): Promise<string | undefined> => {
  const folder = join(place, 'failing')
  const { end } = failDisk(modules, fault)
  const failure = await trainOnce(modules, { name, place, folder }).then(
    () => undefined,
    (error: unknown) => error,
  )
  end()
  try {
    if (failure !== undefined && !(failure instanceof ExciteError))
      return `${faultText(fault)}: an error that is none of ours: ${failure}`
    await trainOnce(modules, { name, place, folder })
    const found = await resultOf(folder)
    const files = Object.keys({ ...expected, ...found }).filter(
      file => found[file] !== expected[file],
    )
    return files.length === 0 ? undefined : `${faultText(fault)}: other ${files.join(', ')}`
  } catch (error) {
    return `${faultText(fault)}: cannot be gone on with: ${error}`
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
