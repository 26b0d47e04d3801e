/**
 * Mutations of good files, read in a process of its own that must neither take long nor much memory.
 *
 *   npm run test:fuzz -- 1000000           so many, spread over all formats
 *   npm run test:fuzz -- 100000 png 7      of formats with such names, by seed 7
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { folderInMemory } from '../support/memory.ts'
import { formats } from './formats.ts'

const CHILD = fileURLToPath(new URL('./fuzzChild.ts', import.meta.url))
const MILLISECONDS = 2000
const MEGABYTES = 256

/** Resident memory of a process, in MB, as Linux has it; elsewhere nothing tells. */
const memoryOf = (pid: number | undefined): number => {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) / 256
  } catch {
    return 0
  }
}

/** Ends a child that takes longer for one file, or more memory, than it may. */
const watch = (child: ChildProcess, stop: (why: string) => void): (() => void) => {
  let [last, base, line] = [0, Infinity, '']
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = chunk.toString().trimEnd().split('\n')
    line = lines.at(-1) ?? line
    if (lines.includes('ready')) base = memoryOf(child.pid)
    last = performance.now()
  })
  const timer = setInterval(() => {
    if (line !== 'done' && last > 0 && performance.now() - last > MILLISECONDS)
      stop(`case ${line} takes longer than ${MILLISECONDS} ms`)
    if (memoryOf(child.pid) - base > MEGABYTES) stop(`case ${line} takes over ${MEGABYTES} MB`)
  }, 50)
  return () => clearInterval(timer)
}

/** Mutates one format's file; what is wrong comes back as text. */
const fuzzFormat = async (
  name: string,
  runs: number,
  seed: number,
  folder: string,
): Promise<string | undefined> =>
  new Promise(resolve => {
    const flags = [`--max-old-space-size=${MEGABYTES}`, '--import', 'tsx', CHILD]
    const child = spawn(process.execPath, [...flags, name, `${runs}`, `${seed}`, folder], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stopped: string | undefined
    let errors = ''
    const unwatch = watch(child, why => {
      stopped ??= why
      child.kill('SIGKILL')
    })
    child.stderr?.on('data', chunk => {
      errors += chunk
    })
    child.on('close', (code, signal) => {
      unwatch()
      resolve(code === 0 ? undefined : `${name}: ${stopped ?? `${code ?? signal}: ${errors}`}`)
    })
  })

export interface FuzzOptions {
  /** Of the formats' names. */
  readonly part?: string
  readonly runs: number
  readonly seed: number
  log?(line: string): void
}

/** Mutates files of all formats; what is wrong comes back. */
export const fuzz = async ({ part = '', runs, seed, log }: FuzzOptions): Promise<string[]> => {
  const names = Object.keys(await formats()).filter(name => name.includes(part))
  const share = Math.ceil(runs / names.length)
  const place = await folderInMemory()
  const wrong: string[] = []
  const queue = [...names]
  const work = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const found = await fuzzFormat(name, share, seed, join(place, name))
      if (found !== undefined) wrong.push(found)
      log?.(`${name}: ${share} mutations, ${found === undefined ? 'all read or refused' : found}`)
    }
  }
  await Promise.all([work(), work()])
  await rm(place, { recursive: true })
  return wrong
}

if (import.meta.filename === process.argv[1]) {
  const [runs = '1000000', part = '', seed = `${Date.now() % 2 ** 31}`] = process.argv.slice(2)
  console.log(`seed ${seed}`)
  const wrong = await fuzz({ runs: Number(runs), part, seed: Number(seed), log: console.log })
  process.exitCode = wrong.length === 0 ? 0 : 1
}
