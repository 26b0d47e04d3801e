/** `excite study` as its users meet it: listed, forecast, run, stopped, gone on with, and reported. */

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { excite, inFolder, start } from '../support/command.ts'

/** Two variants of the smallest network on few, small images. */
const TINY =
  'study se-squeeze --size 16 --samples 64,40 --batch 16 --epochs 1 --seeds 2 --threads 1'
const FOLDER = 'runs/study-se-squeeze-resnet8-shapes'

const results = async (folder: string) =>
  JSON.parse(await readFile(join(folder, FOLDER, 'results.json'), 'utf8'))

it('without a name lists the studies with their papers’ tables', async () => {
  const { code, stdout } = await excite('.', 'study')
  expect(code).toBe(0)
  expect(stdout).toMatch(/se-reduction: .*\n {2}SENet, Table 10: /)
  expect(stdout).toMatch(/r16 +r = 16 +22\.28 +6\.03 +28\.1 M/)
})

it('as JSON, has all that the papers vary', async () => {
  const { stdout } = await excite('.', 'study', '--json')
  const all = JSON.parse(stdout).flatMap(({ variants }: { variants: object[] }) => variants)
  expect(all.length).toBeGreaterThan(50)
  expect(all.filter((variant: { missing?: string }) => variant.missing)).toEqual([])
})

it(
  'runs a study once, and reads it after that',
  () =>
    inFolder(async folder => {
      const forecast = await excite(folder, ...TINY.split(' '), '--dry-run', '--json')
      expect(JSON.parse(forecast.stdout)).toMatchObject({ runs: 4, jobs: 1 })
      expect(JSON.parse(forecast.stdout).total).toBeGreaterThan(0)
      expect(existsSync(join(folder, 'runs'))).toBe(false)

      const { code, stdout, stderr } = await excite(folder, ...TINY.split(' '), '--jobs', '2')
      expect(stderr).toContain('4/4 ')
      expect(stdout).toMatch(/“maximum” has .* “mean”/)
      expect(code).toBe(0)
      const first = await results(folder)
      expect(first.runs).toEqual({ planned: 4, finished: 4 })
      for (const { seeds, error } of first.variants) {
        expect(seeds).toHaveLength(2)
        expect(error.halfWidth).toBeGreaterThan(0)
      }
      for (const name of [
        'study.md',
        'report.html',
        'figures/differences.svg',
        'figures/seeds.svg',
        'figures/course.svg',
        'mean-seed0/model.onnx',
      ])
        expect(existsSync(join(folder, FOLDER, name)), name).toBe(true)

      const taken = await excite(folder, 'study', 'se-excitation', '--out', FOLDER)
      expect(taken.stderr).toContain(
        'the study se-excitation, or a new one, got that of se-squeeze',
      )
      expect(taken.code).toBe(2)
      const many = await excite(folder, 'inspect', FOLDER)
      expect(many.stderr).toContain(`Give one of them, such as ${FOLDER}/max-seed0`)
      expect(many.code).toBe(2)

      const again = await excite(folder, ...TINY.split(' '))
      expect(again.stderr.match(/finished .*, before/g)).toHaveLength(4)
      expect((await results(folder)).variants).toEqual(first.variants)

      const other = await excite(folder, ...TINY.split(' '), '--lr', '0.01')
      expect(other.code).toBe(2)
      expect(other.stderr).toContain('got recipe.learningRate 0.1, not 0.01')
    }),
  90_000,
)

it(
  'stops on Ctrl-C with what it has, and goes on',
  () =>
    inFolder(async folder => {
      const long = TINY.replace('64,40', '800,40').split(' ')
      const { child, finished } = start(folder, ...long)
      const begun = new Promise<void>(resolve =>
        child.stderr?.on('data', chunk => String(chunk).includes('1/4') && resolve()),
      )
      await begun
      child.kill('SIGINT')
      const { code, stderr } = await finished
      expect(stderr).toContain('saved; the same command goes on')
      expect(code).toBe(130)
      expect((await results(folder)).runs).toEqual({ planned: 4, finished: 1 })
      const resumed = await excite(folder, ...long)
      expect(resumed.code).toBe(0)
      expect(resumed.stderr.match(/, before/g)).toHaveLength(1)
    }),
  180_000,
)

it.each([
  ['study se-reductoin', 'Did you mean se-reduction?'],
  ['study versus --model se-resnet8', '--model: expected a backbone without attention'],
  ['study versus --seeds 0', '--seeds: expected a whole number from 1, got 0'],
  ['study versus --variants eka', '--variants: expected a variant of the study'],
  ['study versus --samples 20,20 --batch 64', '--batch: expected at most 20'],
  ['study versus --recipe papers', '--recipe: expected one of short, senet'],
  ['study versus --engine onxx', 'Did you mean onnx?'],
])('excite %s exits 2 and says what to do', (command, message) =>
  inFolder(async folder => {
    const { code, stderr } = await excite(folder, ...command.split(' '))
    expect(stderr).toContain(message)
    expect(code).toBe(2)
    expect(existsSync(join(folder, 'runs'))).toBe(false)
  }),
)

it('prints one command per run, whose results the same study gathers', () =>
  inFolder(async folder => {
    const words = [...TINY.split(' '), '--seeds', '1']
    const { code, stdout } = await excite(folder, ...words, '--print-runs', '--json')
    expect(code).toBe(0)
    const { commands } = JSON.parse(stdout)
    expect(commands).toHaveLength(2)
    for (const command of commands) {
      expect(command).toMatch(/^excite train --resume \S+-seed0 --save-every 300$/)
      const { code } = await excite(folder, ...command.split(' ').slice(1))
      expect(code).toBe(0)
    }
    // A scheduler that starts one again changes nothing.
    const again = await excite(folder, ...commands[0].split(' ').slice(1))
    expect(again.code).toBe(0)
    const gathered = await excite(folder, ...words)
    expect(gathered.stderr.match(/finished .* before/g)).toHaveLength(2)
    expect((await results(folder)).runs).toEqual({ planned: 2, finished: 2 })
  }))
