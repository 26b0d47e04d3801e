/**
 * Kills, freezes and drains random workers at random moments, restarts Redis and the study between, and
 * compares what the study comes to with one that nobody disturbed: `npm run test:kill-workers -- 100`.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { random } from '../../src/random/index.ts'
import { redisServer } from './redisServer.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const WORKERS = 3
const LEASE_SECONDS = 6
/** Once in so many turns, on average. */
const RESTART_REDIS = 8
const RESTART_STUDY = 8
const STUDY =
  'study --vary lr=0.05,0.1 --seeds 2 --size 16 --samples 96,24 --batch 24 --epochs 6 --threads 1 --save-every 1 --quiet'

const wanted = Number(process.argv[2] ?? 20)
const folder = mkdtempSync(join(tmpdir(), 'excite-workers-'))
const draw = random(Number(process.argv[3] ?? 1)).fork('kills')
let at = 0
const below = (n: number): number => draw.below(at++, n)

const start = (...args: readonly string[]): ChildProcess =>
  spawn(process.execPath, [MAIN, ...args], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode)
    else child.on('close', code => resolve(code))
  })

/** SHA-256 of what each run came to, by its name. */
const hashesOf = (study: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(folder, study))
      .filter(name => name.includes('seed'))
      .map(run => {
        const hash = createHash('sha256')
        for (const file of ['config.json', 'best.safetensors', 'last.safetensors', 'model.onnx'])
          hash.update(readFileSync(join(folder, study, run, file)))
        return [run, hash.digest('hex')]
      }),
  )

const counts = { killed: 0, frozen: 0, drained: 0, 'Redis restarted': 0, 'study restarted': 0 }
let studies = 0
let wrong = 0

if ((await ended(start(...STUDY.split(' '), '--out', 'whole'))) !== 0)
  throw new TypeError('the undisturbed study failed')
const whole = hashesOf('whole')
const server = await redisServer(folder)
const newWorker = (): ChildProcess => start('worker', server.url, '--lease', `${LEASE_SECONDS}`)
const workers = Array.from({ length: WORKERS }, newWorker)

/** Does something to a random worker, and puts a new one in its place. */
const disturb = async (): Promise<void> => {
  for (const [i, { exitCode, signalCode }] of workers.entries())
    if (exitCode !== null || signalCode !== null) workers[i] = newWorker()
  const i = below(WORKERS)
  const worker = workers[i]
  const how = below(4)
  if (how === 0) {
    // As one whose network is cut: it comes back, and must not write over what another did meanwhile.
    worker.kill('SIGSTOP')
    counts.frozen++
    await setTimeout(1000 * (LEASE_SECONDS + below(LEASE_SECONDS)))
    worker.kill('SIGCONT')
    return
  }
  worker.kill(how === 1 ? 'SIGTERM' : 'SIGKILL')
  if (how === 1) counts.drained++
  else counts.killed++
  workers[i] = newWorker()
}

while (counts.killed + counts.frozen + counts.drained < wanted) {
  const out = `study${studies++}`
  const begin = (): ChildProcess => start(...STUDY.split(' '), '--queue', server.url, '--out', out)
  let study = begin()
  let said = ''
  for (let code: number | null | undefined; code !== 0; ) {
    study.stderr?.on('data', chunk => {
      said = `${said}${chunk}`.slice(-4000)
    })
    const end = ended(study)
    code = undefined
    while (code === undefined) {
      code = await Promise.race([end, setTimeout(1000 + below(5000), undefined)])
      if (code !== undefined) break
      if (below(RESTART_REDIS) === 0) {
        await server.stop()
        await setTimeout(below(2000))
        await server.start()
        counts['Redis restarted']++
      } else if (below(RESTART_STUDY) === 0) {
        study.kill('SIGKILL')
        counts['study restarted']++
      } else await disturb()
    }
    if (code === 0) break
    // Begun while there was no server, it is refused as it should be.
    if (code !== null && !said.includes('that answers')) {
      wrong++
      console.log(`${out} ended with ${code}: ${said}`)
      break
    }
    said = ''
    study = begin()
  }
  const { runs, failures } = JSON.parse(readFileSync(join(folder, out, 'results.json'), 'utf8'))
  const same = JSON.stringify(hashesOf(out)) === JSON.stringify(whole)
  if (!same || runs.finished !== runs.planned || failures.length > 0) {
    wrong++
    console.log(out, { same, runs, failures })
  }
  rmSync(join(folder, out), { recursive: true })
  console.log(`${studies} studies, ${wrong} wrong`, counts)
}
for (const worker of workers) worker.kill('SIGTERM')
await Promise.race([Promise.all(workers.map(ended)), setTimeout(10_000)])
for (const worker of workers) worker.kill('SIGKILL')
await server.stop()
rmSync(folder, { recursive: true })
process.exitCode = wrong > 0 ? 1 : 0
