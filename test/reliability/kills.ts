/**
 * Trainings that are killed without warning until they end, and must end as an undisturbed one does.
 * Needs `npm run build`.
 *
 *   npm run test:kill -- 500               so many kills, over all kinds of trainings
 *   npm run test:kill -- 100 onednn/ 7     of such kinds only, by seed 7
 */

import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { type RandomStream, random } from '../../src/random/index.ts'
import { RUN_FILES } from '../../src/runs/runFolder.ts'
import { folderInMemory } from '../support/memory.ts'
import type { ChildArgs } from './child.ts'
import { modulesOf, prepare, TRAININGS } from './trainings.ts'

const CHILD = new URL('./child.ts', import.meta.url)

/** What clocks wrote. */
const TIMES = /"(seconds|waiting)":\s*[\d.e-]+/g

/** A table without the columns of times. */
const withoutTimes = (csv: string): string => {
  const lines = csv.split('\n').map(line => line.split(','))
  const isKept = lines[0].map(name => name !== 'seconds' && name !== 'waiting')
  return lines.map(cells => cells.filter((_, i) => isKept[i]).join()).join('\n')
}

const textOf = (name: string, bytes: Buffer): string | Buffer => {
  if (name.endsWith('.json') || name.endsWith('.jsonl')) return bytes.toString().replace(TIMES, '')
  return name.endsWith('.csv') ? withoutTimes(bytes.toString()) : bytes
}

/** They show the images that the process at hand has seen. */
const SEEN: readonly string[] = [RUN_FILES.report, RUN_FILES.review]

/** SHA-256 of every file of a run, without times: weights, optimizer, statistics, metrics, exports. */
export const digestOf = async (folder: string): Promise<Readonly<Record<string, string>>> => {
  const found: Record<string, string> = {}
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const path = join(folder, name)
    if (SEEN.includes(name) || !(await stat(path)).isFile()) continue
    // A manifest has the hash of the times; what it lists is here.
    const content = basename(name) === 'MANIFEST.json' ? '' : textOf(name, await readFile(path))
    found[name] = createHash('sha256').update(content).digest('hex')
  }
  return found
}

type Ended = { readonly killed: true } | { readonly killed: false; readonly points: number }

/** Runs a child until it ends, or `after` milliseconds. */
const run = (args: ChildArgs, after: number): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = fork(CHILD, [JSON.stringify(args)], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let points = 0
    let errors = ''
    child.on('message', count => {
      points = Number(count)
    })
    child.stderr?.on('data', chunk => {
      errors += chunk
    })
    const timer = Number.isFinite(after)
      ? setTimeout(() => child.kill('SIGKILL'), after)
      : undefined
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (signal === 'SIGKILL') resolve({ killed: true })
      else if (code === 0) resolve({ killed: false, points })
      else reject(new Error(`${args.name} ended with ${code ?? signal}: ${errors}`))
    })
  })

const between = (draw: RandomStream, index: number, most: number): number =>
  1 + Math.floor(draw.uniform(index) * most)

export interface KillOptions {
  readonly names: readonly string[]
  /** At least so many over all trainings. */
  readonly kills: number
  readonly seed: number
  log?(line: string): void
}

export interface KillReport {
  readonly kills: number
  readonly trainings: number
  /** Trainings that ended otherwise than the undisturbed one: kind, number and files. */
  readonly wrong: readonly string[]
}

/** Kills trainings of one kind. */
const killKind = async (
  place: string,
  name: string,
  kills: number,
  draw: RandomStream,
): Promise<KillReport> => {
  const whole = join(place, 'whole')
  const begun = performance.now()
  const reference = await run({ name, place, folder: whole, killAt: 0 }, Infinity)
  if (reference.killed) throw new Error('the undisturbed training was killed')
  const milliseconds = performance.now() - begun
  const expected = await digestOf(whole)
  const wrong: string[] = []
  let [done, trainings] = [0, 0]
  for (let tried = 0; done < kills; trainings++) {
    const folder = join(place, 'killed')
    for (let ended = false; !ended; tried++) {
      // A quarter at any time, such as within a step; the others at a named point.
      const byTime = draw.fork('kind').uniform(tried) < 0.25
      const killAt = byTime ? 0 : between(draw.fork('point'), tried, reference.points)
      const after = byTime ? between(draw.fork('time'), tried, milliseconds) : Infinity
      const { killed } = await run({ name, place, folder, killAt }, after)
      if (killed) done++
      ended = !killed
    }
    const found = await digestOf(folder)
    const files = Object.keys({ ...expected, ...found }).filter(
      file => found[file] !== expected[file],
    )
    if (files.length > 0) wrong.push(`${name}, training ${trainings}: ${files.join(', ')}`)
    await rm(folder, { recursive: true })
  }
  await rm(whole, { recursive: true })
  return { kills: done, trainings, wrong }
}

/** Kills trainings of these kinds until there were as many kills as asked for. */
export const killTrainings = async ({
  names,
  kills,
  seed,
  log = () => {},
}: KillOptions): Promise<KillReport> => {
  const place = await folderInMemory()
  try {
    const queue = [...names]
    const reports: KillReport[] = []
    const share = Math.ceil(kills / names.length)
    const work = async (worker: number): Promise<void> => {
      for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
        const draw = random(seed).fork(name)
        const own = await mkdtemp(join(place, `${worker}-`))
        await prepare(await modulesOf('dist'), own)
        const report = await killKind(own, name, share, draw)
        reports.push(report)
        log(
          `${name}: ${report.kills} kills of ${report.trainings} trainings, ${report.wrong.length} wrong`,
        )
      }
    }
    await Promise.all([...new Array(Math.min(2, availableParallelism())).keys()].map(work))
    const sum = (of: (report: KillReport) => number): number =>
      reports.reduce((total, report) => total + of(report), 0)
    return {
      kills: sum(report => report.kills),
      trainings: sum(report => report.trainings),
      wrong: reports.flatMap(({ wrong }) => wrong),
    }
  } finally {
    await rm(place, { recursive: true })
  }
}

if (import.meta.filename === process.argv[1]) {
  const [kills = '500', part = '', seed = String(Date.now())] = process.argv.slice(2)
  console.log(`seed ${seed}`)
  const report = await killTrainings({
    names: TRAININGS.filter(name => name.includes(part)),
    kills: Number(kills),
    seed: Number(seed),
    log: console.log,
  })
  console.log(
    `${report.kills} kills of ${report.trainings} trainings, ${report.wrong.length} wrong`,
  )
  for (const line of report.wrong) console.log(line)
  process.exitCode = report.wrong.length === 0 ? 0 : 1
}
