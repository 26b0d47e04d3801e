/** Progress on narrow terminals: whole, on one line, and with the time that is left. */

import { afterEach, expect, it, vi } from 'vitest'
import { classification } from '../tasks/classification.ts'
import { trainDisplay } from './trainDisplay.ts'

afterEach(() => vi.restoreAllMocks())

const EVALUATED = {
  split: 'validation',
  labels: new Int32Array(2000),
  classes: Array.from({ length: 10 }, (_, i) => `${i}`),
} as const

/** What a terminal of so many columns is sent. */
const shownAt = (columns: number, draw: (display: ReturnType<typeof trainDisplay>) => void) => {
  const written: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation(text => written.push(String(text)) > 0)
  const { isTTY, columns: before } = process.stderr
  Object.assign(process.stderr, { isTTY: true, columns })
  draw(trainDisplay(false, '  sk-resnet8  ', EVALUATED, classification()))
  Object.assign(process.stderr, { isTTY, columns: before })
  return written.join('').replaceAll('\r\x1b[2K', '')
}

const step = {
  ...{ epoch: 1, epochs: 100, step: 6, steps: 230, batch: 128, imagesPerSecond: 36, seconds: 4 },
  metrics: { loss: 2.3189, top1: 0.1263, top5: 0.5 },
}
const row = {
  ...{ epoch: 1, learningRate: 0.1, trainLoss: 2.3189, trainTop1: 0.1263, trainTop5: 0.5 },
  ...{ testLoss: 2.3, testTop1: 0.12, testTop5: 0.5, seconds: 787, waiting: 66 },
}

it.each([120, 80, 60, 40])('has the time left at %d columns', columns => {
  const text = shownAt(columns, display => display.step(step as never))
  expect(text.length).toBeLessThan(columns)
  expect(text).toMatch(/1\/100 {2}.*\d\d left$/)
})

it.each([140, 80, 60])('ends an epoch in one line at %d columns', columns => {
  const text = shownAt(columns, display => display.epoch(row as never, 100))
  expect(text.trimEnd().length).toBeLessThan(columns)
  expect(text).toContain('validation 12.00 %')
})
