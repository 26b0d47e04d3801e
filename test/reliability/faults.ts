/**
 * Trainings on a disk that fails at any one call, once or for good, and what is true of them afterwards.
 *
 *   npm run test:faults -- 10000 7     so many failures of a tiny training, or all of them, by seed 7
 *   npm run test:faults -- sites       all failures of one call of each kind: what is done to which file
 */

import type { FileHandle } from 'node:fs/promises'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ExciteError } from '../../src/errors/index.ts'
import { disk } from '../../src/platform/node/files.ts'
import { permutation, random } from '../../src/random/index.ts'
import { RUN_FILES } from '../../src/runs/runFolder.ts'
import { failureOf, watchDisk } from '../support/disk.ts'
import { folderInMemory } from '../support/memory.ts'
import { digestOf } from './kills.ts'
import { tinyTraining } from './tinyTraining.ts'

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

/** What is done to which file: the numbers in its name, such as those of steps, tell no other site. */
const siteOf = (name: string, path: string): string =>
  `${name} ${path.split('/').slice(-2).join('/').replaceAll(/\d+/g, '#')}`

/** Lets the disk fail as said; what it gives back has the site of each call, and ends the failing. */
const failDisk = (fault: Fault | undefined): { readonly sites: readonly string[]; end(): void } => {
  const sites: string[] = []
  const end = watchDisk(disk, async ({ name, path, content }, work) => {
    sites.push(siteOf(name, path))
    const { length } = sites
    const now = fault !== undefined && (length === fault.at || (fault.lasting && length > fault.at))
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
  return { sites, end }
}

/** The parts of a run that do not depend on how often it was saved; of its steps, lines may be lost. */
export const resultOf = async (folder: string): Promise<Readonly<Record<string, string>>> => {
  const all = Object.entries(await digestOf(folder))
  return Object.fromEntries(
    all.filter(([name]) => !name.startsWith('checkpoints/') && name !== RUN_FILES.steps),
  )
}

/** Trains in a folder, or goes on there. */
type Train = (folder: string) => Promise<unknown>

/**
 * Trains on a failing disk, then goes on with it on a good one.
 * @returns what is wrong; undefined where the fault was either borne or said, and nothing was lost
 */
const trainThrough = async (
  train: Train,
  folder: string,
  fault: Fault,
  expected: Readonly<Record<string, string>>,
): Promise<string | undefined> => {
  const { end } = failDisk(fault)
  const failure = await train(folder).then(
    () => undefined,
    (error: unknown) => error,
  )
  end()
  try {
    if (failure !== undefined && !(failure instanceof ExciteError))
      return `${faultText(fault)}: an error that is none of ours: ${failure}`
    await train(folder)
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

const KINDS = CODES.flatMap(code =>
  [false, true].flatMap(lasting => [false, true].map(done => ({ code, lasting, done }))),
)

export interface FaultReport {
  /** How many faults there are: calls of the disk, times what can happen to each. */
  readonly all: number
  readonly tried: number
  readonly wrong: readonly string[]
}

/** Tries so many of all faults, drawn by a seed; or, of each site, all that can happen to one call. */
export const tryFaults = async (
  train: Train,
  most: number | 'sites',
  seed: number,
  log: (line: string) => void = () => {},
): Promise<FaultReport> => {
  const place = await folderInMemory()
  const folder = join(place, 'run')
  const counted = failDisk(undefined)
  await train(folder)
  counted.end()
  const { sites } = counted
  const expected = await resultOf(folder)
  await rm(folder, { recursive: true })
  const all = sites.length * KINDS.length
  const order = [...permutation(random(seed).fork('faults'), all)]
  const firsts = new Set([...new Set(sites)].map(site => sites.indexOf(site)))
  const chosen =
    most === 'sites'
      ? order.filter(one => firsts.has(Math.floor(one / KINDS.length)))
      : order.slice(0, most)
  const wrong: string[] = []
  const tried = chosen.length
  for (const [i, one] of chosen.entries()) {
    const fault = { ...KINDS[one % KINDS.length], at: 1 + Math.floor(one / KINDS.length) }
    const found = await trainThrough(train, folder, fault, expected)
    if (found !== undefined) wrong.push(found)
    if (found !== undefined) log(found)
    if ((i + 1) % 500 === 0) log(`${i + 1} of ${tried} faults, ${wrong.length} wrong`)
  }
  await rm(place, { recursive: true })
  return { all, tried, wrong }
}

if (import.meta.filename === process.argv[1]) {
  const [most = 'Infinity', seed = '1'] = process.argv.slice(2)
  const report = await tryFaults(
    await tinyTraining(),
    most === 'sites' ? most : Number(most),
    Number(seed),
    console.log,
  )
  console.log(`${report.tried} of ${report.all} faults, ${report.wrong.length} wrong`)
  process.exitCode = report.wrong.length === 0 ? 0 : 1
}
