/**
 * Which oneDNN computes. Before the first use a library is tested in a process of its own, so that
 * one which crashes takes nothing with it; what came out is remembered until the file changes.
 */

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EngineError } from '../../errors/index.ts'
import { loaderArguments, moduleUrl } from '../../platform/node/child.ts'
import { cacheFolder, writeFileAtomic } from '../../platform/node/files.ts'
import { candidates, PATH_VARIABLE, stampOf } from './find.ts'

export interface ProbeResult {
  readonly path: string
  readonly version?: string
  /** How many it computes with unless told. */
  readonly threads?: number
  /** Why it cannot be used; absent where it can. */
  readonly problem?: string
}

export const INSTALL = `oneDNN 2.6 or newer: apt install libdnnl2 (Debian 12, Ubuntu 22.04), libdnnl3.6 (Debian 13); brew install onednn; conda install -c conda-forge onednn; or its path in ${PATH_VARIABLE}`

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const SELF_TEST = moduleUrl('./selfTest', import.meta.url)

const program = `
const { selfTest } = await import(${JSON.stringify(SELF_TEST.href)})
try {
  process.stdout.write(JSON.stringify(await selfTest(process.argv[1])))
} catch ({ message, expected, got }) {
  const problem = expected ? \`expected \${expected}, got \${got}\` : message
  process.stdout.write(JSON.stringify({ path: process.argv[1], problem }))
}`

/** The self-test takes about 1 s; slow machines get a minute. */
const SELF_TEST_TIMEOUT_MS = 60_000

interface Probe extends ProbeResult {
  /** The test did not start, or was ended from outside. */
  readonly interrupted?: boolean
}

/** Tests a library in a process of its own. */
export const probe = (path: string, code = program): Promise<Probe> =>
  new Promise(resolve => {
    const unfit = (problem: string, interrupted = false): void =>
      resolve({ path, problem, interrupted })
    const args = [...loaderArguments, '--input-type=module', '--eval', code, path]
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: SELF_TEST_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    let answer = ''
    child.stdout.on('data', chunk => {
      answer += chunk
    })
    child.on('error', ({ message }) => unfit(`its self-test did not start: ${message}`, true))
    child.on('close', (code, signal) => {
      if (signal !== null)
        return unfit(`its self-test ended with ${signal}`, /KILL|TERM|INT|HUP/.test(signal))
      try {
        resolve(JSON.parse(answer))
      } catch {
        unfit(`its self-test ended with exit code ${code}`)
      }
    })
  })

type Memory = Readonly<Record<string, { readonly key: string; readonly result: ProbeResult }>>

const memoryFile = (): string => join(cacheFolder(), 'onednn.json')

const remembered = async (): Promise<Memory> => {
  try {
    return JSON.parse(await readFile(memoryFile(), 'utf8')) as Memory
  } catch {
    return {}
  }
}

/** The folders of the code that asks the library, and of the code that answers beside it. */
const ASKING = ['.', '../autodiff', '../ops', '../passes']

/** Changes when the code of the self-test does, wherever it lies: two checkouts share a cache. */
export const hashCode = (engines = new URL('..', import.meta.url)): string => {
  const hash = createHash('sha256')
  for (const room of ASKING) {
    const folder = fileURLToPath(new URL(room, engines))
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
      if (/\.[jt]s$/.test(name)) hash.update(`${name}\n`).update(readFileSync(join(folder, name)))
  }
  return hash.digest('hex')
}

/** Variables by which users choose instructions and threads. */
const CHOICES = /^(DNNL|ONEDNN|OMP|GOMP|KMP)_/

/** What a result depends on. */
const keyOf = (path: string): string =>
  [
    hashCode(),
    process.versions.node,
    process.arch,
    cpus()[0]?.model ?? '',
    availableParallelism(),
    ...Object.entries(process.env)
      .filter(([name]) => CHOICES.test(name))
      .map(([name, value]) => `${name}=${value}`)
      .sort(),
    stampOf(path),
  ].join(' | ')

/**
 * The result of a library's self-test, which runs where none is remembered.
 * @param afresh - tests it again, whatever is remembered
 * @param code - the program of the test
 */
export const probed = async (
  path: string,
  afresh = false,
  code = program,
): Promise<ProbeResult> => {
  const key = keyOf(path)
  const memory = await remembered()
  const known = memory[path]
  if (!afresh && known?.key === key && known.result?.path === path) return known.result
  const { interrupted, ...result } = await probe(path, code)
  // Says more of the machine at that moment than of the library.
  if (interrupted) return result
  const text = JSON.stringify({ ...memory, [path]: { key, result } }, null, 2)
  // Where nothing can be kept, the next process tests again.
  await writeFileAtomic(memoryFile(), `${text}\n`).catch(() => {})
  return result
}

/** Probes every library that is there, the best first. */
export const probeAll = async (afresh = false): Promise<readonly ProbeResult[]> => {
  const results: ProbeResult[] = []
  for (const path of candidates()) results.push(await probed(path, afresh))
  return results
}

/**
 * The first library that can be used.
 * @throws EngineError that says what is wrong with the others, and how to install one
 */
export const usablePath = async (): Promise<string> => {
  const problems: string[] = []
  for (const path of candidates()) {
    const { problem } = await probed(path)
    if (problem === undefined) return path
    problems.push(`${path}, not usable: ${problem}`)
  }
  throw new EngineError({
    where: 'engine onednn',
    expected: 'the library oneDNN',
    got: problems.length === 0 ? 'none' : problems.join('; '),
    hint: `Install ${INSTALL}; or use the engine onnxruntime`,
  })
}
