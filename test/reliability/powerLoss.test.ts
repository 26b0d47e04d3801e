/**
 * Power lost at any moment of a training: the newest committed checkpoint is found, whatever was
 * written besides is whole or not there, and going on ends with the bits of an undisturbed training.
 * 1,000 moments with EXCITE_MOMENTS=1000.
 */

import { mkdir, readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { random } from '../../src/random/index.ts'
import { openCheckpoints } from '../../src/runs/checkpoints.ts'
import { loadTrained, readMetrics, readRun } from '../../src/runs/runFolder.ts'
import { watchDisk } from '../support/disk.ts'
import { folderInMemory } from '../support/memory.ts'
import { resultOf } from './faults.ts'
import { PowerLossRecorder } from './powerLoss.ts'
import { type Modules, modulesOf, trainOnce } from './trainings.ts'

const NAME = 'onnx/adamw/shapes'
const MOMENTS = Number(process.env.EXCITE_MOMENTS ?? 300)
/** Every so many of them, the training goes on to its end. */
const WHOLE = 50

let modules: Modules
let place: string
let recorder: PowerLossRecorder
let expected: Readonly<Record<string, string>>

beforeAll(async () => {
  modules = await modulesOf('src')
  place = await folderInMemory()
  await mkdir(join(place, 'pool'))
  await mkdir(join(place, 'disk'))
  recorder = new PowerLossRecorder(join(place, 'disk'))
  const end = watchDisk(modules.disk, recorder.around)
  await trainOnce(modules, { name: NAME, place, folder: join(place, 'disk/run') })
  end()
  expected = await resultOf(join(place, 'disk/run'))
})

afterAll(() => rm(place, { recursive: true }))

/** The step that must be found at least: the newest that was committed by then. */
const committedAt = (moment: number): number =>
  Math.max(
    -1,
    ...recorder.committed
      .filter(({ time }) => time <= moment)
      .map(({ path }) => Number(basename(path).slice('step-'.length))),
  )

/** What a run's folder must be like after power was lost. */
const checkFound = async (run: string, committed: number): Promise<void> => {
  const names: readonly string[] = await readdir(run).catch(() => [])
  if (names.includes('config.json')) await readRun(run)
  if (names.includes('metrics.jsonl')) await readMetrics(run)
  for (const which of ['best', 'last'] as const)
    if (names.includes(`${which}.safetensors`)) await loadTrained(run, which)
  if (committed < 0) return
  expect(names).toContain('config.json')
  const checkpoints = await openCheckpoints(join(run, 'checkpoints'))
  const step = await checkpoints.latest(({ step }) => step)
  expect(step).toBeGreaterThanOrEqual(committed)
}

it('finds the newest committed checkpoint after power was lost at any moment', async () => {
  const draw = random(7).fork('moments')
  const found = join(place, 'found')
  for (let i = 0; i < MOMENTS; i++) {
    const moment = Math.floor(draw.uniform(i) * (recorder.moments + 1))
    await recorder.restore(moment, found, join(place, 'pool'), draw.fork(i))
    const run = join(found, 'run')
    try {
      await checkFound(run, committedAt(moment))
      if (i % WHOLE === 0) {
        await trainOnce(modules, { name: NAME, place, folder: run })
        expect(await resultOf(run)).toEqual(expected)
      }
    } catch (error) {
      throw new Error(`power lost after call ${moment} (case ${i})`, { cause: error })
    }
    await rm(found, { recursive: true })
  }
}, 600_000)
