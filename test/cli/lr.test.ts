/** `excite lr` as its users meet it: a table, a suggestion, a figure, and plain refusals. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { excite, inFolder } from '../support/command.ts'

const SMALL = 'lr resnet8 --data shapes --samples 64,16 --size 16 --batch 16 --threads 1'.split(' ')

it('tries rates, suggests one, and draws them', () =>
  inFolder(async folder => {
    const more = ['--steps', '40', '--plot', 'lr.svg']
    const { code, stdout } = await excite(folder, ...SMALL, ...more, '--json')
    expect(code).toBe(0)
    const { trials, suggested } = JSON.parse(stdout)
    expect(trials[0].rate).toBeCloseTo(1e-5, 8)
    expect(suggested).toBeGreaterThan(1e-5)
    expect(suggested).toBeLessThan(1)
    expect(await readFile(join(folder, 'lr.svg'), 'utf8')).toContain('learning rate')
    const told = await excite(folder, ...SMALL, ...more)
    expect(told.stdout).toMatch(/suggested: --lr [\d.e-]+\n/)
  }))

it.each([
  [['--from', '1', '--to', '0.1'], '--to: expected more than --from, 1, got 0.1'],
  [['--from', 'fast'], '--from: expected a number above 0, got fast'],
  [['--batch', '100'], '--batch: expected at most 64, the number of training images, got 100'],
])('refuses %j', async (words, message) => {
  const { code, stderr } = await excite('.', ...SMALL, ...words)
  expect(code).toBe(2)
  expect(stderr).toContain(message)
})
