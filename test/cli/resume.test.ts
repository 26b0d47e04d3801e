/** A real training, killed without warning again and again, ends with the bits of an undisturbed one. */

import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { excite, inFolder, start } from '../support/command.ts'

const TRAIN =
  'train se-resnet8 --samples 640,100 --size 16 --epochs 8 --batch 32 --threads 1 --save-every 1'

const weights = async (folder: string, name: string): Promise<string> =>
  (await readFile(join(folder, name))).toString('base64')

/** The steps of the checkpoints that are there. */
const saved = async (run: string): Promise<string[]> => {
  const folder = join(run, 'checkpoints')
  return existsSync(folder) ? (await readdir(folder)).filter(name => name.startsWith('step-')) : []
}

it('survives kill -9 at any moment', () =>
  inFolder(async folder => {
    const whole = await excite(folder, ...TRAIN.split(' '), '--out', 'whole')
    expect(whole.stderr).toContain('epoch 8/8')
    expect(whole.code).toBe(0)

    const run = join(folder, 'killed')
    let kills = 0
    let args = [...TRAIN.split(' '), '--out', 'killed']
    for (;;) {
      const { child, finished } = start(folder, ...args)
      const before = (await saved(run)).join()
      // Until another checkpoint is there, then into the next steps, or into the next save.
      while (child.exitCode === null && (await saved(run)).join() === before) await sleep(5)
      await sleep(40 * (kills % 5))
      child.kill('SIGKILL')
      const { code, signal, stderr } = await finished
      if (signal === 'SIGKILL') kills++
      else {
        expect(stderr).not.toContain('excite:')
        expect(code).toBe(0)
        break
      }
      args = ['train', '--resume', 'killed', '--save-every', '1']
    }
    expect(kills).toBeGreaterThan(2)
    for (const name of ['best.safetensors', 'last.safetensors', 'model.onnx'])
      expect(await weights(run, name), name).toBe(await weights(join(folder, 'whole'), name))
  }))

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('saves at %s, says how to go on, and exits %i', (signal, exitCode) =>
  inFolder(async folder => {
    const { child, finished } = start(folder, ...TRAIN.split(' '), '--out', 'run')
    while (child.exitCode === null && (await saved(join(folder, 'run'))).length === 0)
      await sleep(5)
    child.kill(signal)
    const { code, stderr } = await finished
    expect(code).toBe(exitCode)
    expect(stderr).toContain('saved; to go on: excite train --resume run')
    const resumed = await excite(folder, 'train', '--resume', 'run')
    expect(resumed.code).toBe(0)
    expect(resumed.stdout).toContain('run/model.onnx runs in any ONNX Runtime')
  }),
)
