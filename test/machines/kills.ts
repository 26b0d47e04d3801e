/**
 * Kills a random rank at a random moment, resumes, and compares what the training comes to with one that
 * nobody killed: `npm run test:kill-ranks -- 100`.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isProcess } from '../../src/platform/node/files.ts'
import { random } from '../../src/random/index.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const RANKS = 3
const LAUNCHERS: readonly (readonly [string, ...string[]])[] = [
  ['mpirun.openmpi', '--oversubscribe', '--allow-run-as-root'],
  ['mpirun.mpich'],
]
const TRAIN = 'train se-resnet8 --data shapes --samples 96,24 --size 16 --batch 24 --epochs 6'

const wanted = Number(process.argv[2] ?? 20)
const folder = mkdtempSync(join(tmpdir(), 'excite-ranks-'))
const draw = random(Number(process.argv[3] ?? 1)).fork('kills')

/** The processes below one, at any depth, that run our command. */
const ranksBelow = (pid: number): number[] => {
  const lines = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n')
  const all = lines.map(line => /^ *(\d+) +(\d+) (.*)$/.exec(line)).filter(found => found !== null)
  const below = (parent: number): number[] =>
    all.flatMap(([, own, of, args]) =>
      Number(of) === parent
        ? [
            ...(args.includes(MAIN) && !args.includes('mpirun') ? [Number(own)] : []),
            ...below(Number(own)),
          ]
        : [],
    )
  return below(pid)
}

const start = (launcher: readonly [string, ...string[]], args: string): ChildProcess => {
  const [program, ...options] = launcher
  const node = ['-n', `${RANKS}`, process.execPath, MAIN, ...args.split(' ')]
  return spawn(program, [...options, ...node], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
}

const ended = (child: ChildProcess): Promise<number> =>
  new Promise(resolve =>
    child.on('close', (code, signal) => resolve(signal === null ? (code ?? 1) : 1)),
  )

const hashOf = (run: string): string =>
  ['best.safetensors', 'last.safetensors', 'model.onnx']
    .map(name =>
      createHash('sha256')
        .update(readFileSync(join(folder, run, name)))
        .digest('hex'),
    )
    .join()

let kills = 0
let runs = 0
let wrong = 0
const whole: string[] = []
for (const [i, launcher] of LAUNCHERS.entries()) {
  const code = await ended(start(launcher, `${TRAIN} --out whole${i}`))
  if (code !== 0) throw new TypeError(`${launcher[0]} ended with ${code}`)
  whole.push(hashOf(`whole${i}`))
}
for (let at = 0; kills < wanted; runs++) {
  const which = runs % LAUNCHERS.length
  const run = `run${runs}`
  for (let tries = 0, done = false; !done; tries++) {
    const begun = existsSync(join(folder, run, 'config.json'))
    const args = begun
      ? `train --resume ${run} --save-every 1`
      : `${TRAIN} --save-every 1 --out ${run}`
    const child = start(LAUNCHERS[which], args)
    const end = ended(child)
    let said = ''
    child.stderr?.on('data', chunk => {
      said = `${said}${chunk}`.slice(-2000)
    })
    let victim: number | undefined
    const timer = setTimeout(() => {
      const ranks = ranksBelow(child.pid as number)
      const chosen = ranks[draw.below(at++, Math.max(ranks.length, 1))]
      // It may have ended since it was listed.
      if (chosen !== undefined && isProcess(chosen)) {
        victim = chosen
        process.kill(victim, 'SIGKILL')
      }
    }, 500 + draw.below(at++, 6000))
    const code = await end
    clearTimeout(timer)
    if (victim === undefined) {
      done = code === 0
      if (code !== 0) console.log(`${run}, started again, ended with ${code}: ${said}`)
      if (code !== 0) wrong++
      if (!done && tries > 20) throw new TypeError(`${run} does not end`)
      continue
    }
    kills++
    // Killed in its last moments, a run may be whole, and its launcher says that a rank was lost.
    if (code === 0) {
      wrong++
      console.log(`${run}: the launcher ended with 0 although a rank was killed`)
    }
  }
  if (hashOf(run) !== whole[which]) {
    wrong++
    console.log(`${run} came to something else`)
  }
  rmSync(join(folder, run), { recursive: true })
}
rmSync(folder, { recursive: true })
console.log(`${kills} kills of one of ${RANKS} ranks in ${runs} trainings: ${wrong} wrong`)
process.exitCode = wrong > 0 ? 1 : 0
