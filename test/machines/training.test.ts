/** A training under real launchers: to what one process comes to, killed and resumed, wrongly used. */

import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { inFolder } from '../support/command.ts'

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const LAUNCHERS: Readonly<Record<string, readonly string[]>> = {
  'mpirun.openmpi': ['--oversubscribe', '--allow-run-as-root'],
  'mpirun.mpich': [],
}
const SMALL = ['--data', 'shapes', '--samples', '64,32', '--size', '16', '--batch', '16']
const TRAIN = ['train', 'se-resnet8', ...SMALL, '--epochs', '2', '--freeze-bn-epochs', '2']

const hashOf = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex')

const lossesOf = (run: string): number[] =>
  readFileSync(join(run, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).trainLoss)

for (const [launcher, options] of Object.entries(LAUNCHERS)) {
  const missing = spawnSync(launcher, ['--version']).status !== 0
  const start = (ranks: number, cwd: string, args: readonly string[]) =>
    spawnSync(launcher, [...options, '-n', `${ranks}`, process.execPath, MAIN, ...args], {
      cwd,
      encoding: 'utf8',
      timeout: 100_000,
    })
  describe.skipIf(missing)(`${launcher}${missing ? ' (not installed)' : ''}`, () => {
    it('trains on two ranks to what one comes to, and to the same bits again', () =>
      inFolder(async folder => {
        const one = [MAIN, ...TRAIN, '--threads', '1', '--out', 'one', '--quiet']
        execFileSync(process.execPath, one, { cwd: folder })
        for (const out of ['two', 'again']) {
          const { status, stdout, stderr } = start(2, folder, [...TRAIN, '--out', out])
          expect(status, `${stdout}${stderr}`).toBe(0)
          expect(stdout.match(/best: /g)).toHaveLength(1)
          expect(stderr).toContain('2 processes share every batch: 8 images each')
        }
        const [two, again] = ['two', 'again'].map(name => join(folder, name))
        for (const file of ['best.safetensors', 'last.safetensors', 'model.onnx'])
          expect(hashOf(join(again, file)), file).toBe(hashOf(join(two, file)))
        const losses = lossesOf(two)
        for (const [i, loss] of lossesOf(join(folder, 'one')).entries())
          expect(losses[i]).toBeCloseTo(loss, 5)
      }))

    it('refuses a batch that the ranks cannot share, before anything is written', () =>
      inFolder(async folder => {
        const { status, stderr } = start(2, folder, [...TRAIN, '--batch', '15', '--out', 'run'])
        expect(status).toBe(2)
        expect(stderr.match(/excite: .*/g)).toEqual([
          'excite: --batch: expected a multiple of 2: 2 processes share it alike, got 15',
        ])
        expect(existsSync(join(folder, 'run'))).toBe(false)
      }))

    it('goes on with as many ranks to the same bits, with others only when asked to', () =>
      inFolder(async folder => {
        expect(start(2, folder, [...TRAIN, '--epochs', '1', '--out', 'run']).status).toBe(0)
        const resume = ['train', '--resume', 'run', '--epochs', '2', '--quiet']
        const other = start(1, folder, resume)
        expect(other.status).toBe(2)
        expect(other.stderr).toContain('ranks 2 then, 1 now')
        expect(start(2, folder, resume).status).toBe(0)
        const more = ['train', '--resume', 'run', '--epochs', '3', '--resume-compatible']
        expect(start(1, folder, more).status).toBe(0)
      }))
  })
}
