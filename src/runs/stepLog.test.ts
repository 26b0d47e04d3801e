/** The steps of a run in lines: each once, also where a training goes on, and never what ends it. */

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { StepEvent } from '../train/loop.ts'
import { readStepRow, StepLog, type StepRow } from './stepLog.ts'
import type { TaskTrainOptions } from './trainOptions.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'excite-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const STEPS = 4
const losses = [2.5, 1.25, 3.0625, 0.5, 0.25, 0.125, 8, 16]

const open = (onWarning?: (text: string) => void): StepLog =>
  new StepLog({ folder, task: { best: { metric: 'top1' } }, onWarning } as TaskTrainOptions)

/** The event of a step of the training, from 1. */
const event = (step: number): StepEvent => {
  const within = ((step - 1) % STEPS) + 1
  const own = losses.slice(step - within, step)
  const loss = own.reduce((sum, value) => sum + value, 0) / own.length
  const epoch = 1 + Math.floor((step - 1) / STEPS)
  const metrics = { loss, top1: 0.5 }
  return { kind: 'step', epoch, step: within, steps: STEPS, metrics, learningRate: 0.1, seconds: 1 }
}

const path = () => join(folder, 'steps.jsonl')
const rows = async (): Promise<readonly (StepRow | undefined)[]> =>
  (await readFile(path(), 'utf8')).trimEnd().split('\n').map(readStepRow)

it('has the loss of each step alone, out of means over the epoch', async () => {
  const log = open()
  for (let step = 1; step <= losses.length; step++) await log.add(event(step))
  await log.flush()
  const found = await rows()
  expect(found.map(row => row?.loss)).toEqual(losses)
  expect(found[5]).toMatchObject({ step: 6, epoch: 1.5, top1: 0.5, rate: 0.1 })
})

it('goes on after any step as if it had not been stopped', async () => {
  const first = open()
  for (let step = 1; step <= 7; step++) await first.add(event(step))
  await first.flush()
  await writeFile(path(), '{"step":8,"ep', { flag: 'a' })
  const second = open()
  await second.rewind({ step: 6, metrics: event(6).metrics })
  for (let step = 7; step <= 8; step++) await second.add(event(step))
  await second.flush()
  expect((await rows()).map(row => [row?.step, row?.loss])).toEqual(
    losses.map((loss, i) => [i + 1, loss]),
  )
})

it('says once that it cannot be written', async () => {
  await mkdir(path())
  const warnings: string[] = []
  const log = open(text => warnings.push(text))
  for (let step = 1; step <= 8; step++) await log.add(event(step))
  await log.flush()
  expect(warnings).toEqual([expect.stringMatching(/^steps\.jsonl not written: EISDIR/)])
})

it.each(['', '{"step":8,"ep', '[]', '{"step":"8"}', 'null'])('takes %j for no step', line => {
  expect(readStepRow(line)).toBeUndefined()
})
