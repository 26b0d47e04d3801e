/** The page of a run: written after each epoch, true of the best one, and no reason to stop a training. */

import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Dataset, pixelDataset } from '../data/dataset.ts'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { model } from '../models/registry.ts'
import { classification } from '../tasks/classification.ts'
import type { Task } from '../tasks/task.ts'
import type { EpochRow } from '../train/epochRow.ts'
import { RECIPES } from '../train/recipes.ts'
import { openRunReport } from './runReport.ts'

const HOSTILE = '<script>window.harmed=1</script>'
const validation: Dataset = pixelDataset({
  name: 'pictures',
  split: 'validation',
  classes: ['cat', HOSTILE],
  shape: [3, 8, 8] as const,
  labels: Int32Array.of(0, 1, 1, 0),
  nameOf: (index: number) => `${HOSTILE}/${index}.png`,
  read: () => new Uint8Array(192).fill(99),
})
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'excite-report-'))
})
afterAll(() => rm(folder, { recursive: true }))

const warnings: string[] = []
const open = (task: Task = classification(), into = folder) =>
  openRunReport({
    config: {
      ...{ model: 'resnet8', data: '/home/me/pictures', seed: 0, engine: 'onnxruntime' },
      recipe: { ...RECIPES.short, epochs: 3 },
    },
    ...{ model: model('resnet8', { classes: 2 }), task, train: validation, validation },
    ...{ normalization: { mean: [0, 0, 0], std: [1, 1, 1] }, engine: onnxEngine, conditions: {} },
    folder: into,
    onWarning: text => warnings.push(text),
  })
const row = (epoch: number, testTop1: number): EpochRow => ({
  ...{ epoch, learningRate: 0.1, trainLoss: 1 / epoch, trainTop1: 0.5, trainTop5: 1 },
  ...{ testLoss: 0.5, testTop1, testTop5: 1, seconds: 3 },
})

/** An evaluation in which the first images are right, and the rest are not. */
const evaluate = (task: Task, right: number): void => {
  const data = Float32Array.from(validation.labels, (label, i) =>
    i < right === (label === 0) ? 2 : -2,
  )
  const logits = { shape: [4, 2], data: Float32Array.from([...data].flatMap(x => [x, 0])) }
  const batch = { indices: Uint32Array.of(0, 1, 2, 3), count: 4, images: new Float32Array() }
  task.accumulator(validation).add({ logits }, batch)
}
const page = (): Promise<string> => readFile(join(folder, 'report.html'), 'utf8')

it('tells of the best epoch so far, with curves up to the newest', async () => {
  const report = open()
  const history: EpochRow[] = []
  for (const [i, right] of [2, 3, 1].entries()) {
    evaluate(report.task, right)
    history.push(row(i + 1, right / 4))
    await report.afterEpoch(history)
    const text = await page()
    const best = [2, 3, 3][i]
    expect(text).toContain(`Right for ${25 * best}.0\u00a0% (${best} of 4;`)
    expect(text).toContain(`${i + 1} of 3 epochs`)
    expect(text).toContain(`All ${4 - best} wrong images`)
  }
  const text = await page()
  expect(text).toContain('reviewed as after epoch 2')
  expect(text).not.toContain('<script')
  expect(text).not.toContain('Top-5')
  expect(text).toContain('&lt;script&gt;window.harmed=1&lt;/script&gt;/3.png')
  expect(text).toContain('src="data:image/png;base64,')
  expect(text).toMatch(/Content-Security-Policy/)
  expect(warnings).toEqual([])
})

it('has as data what the network gets wrong', async () => {
  const report = open()
  evaluate(report.task, 3)
  await report.afterEpoch([row(1, 0.75)])
  const { findings, ...of } = JSON.parse(await readFile(join(folder, 'review.json'), 'utf8'))
  expect(of).toEqual({ epoch: 1, images: 4 })
  expect(findings).toMatchObject({ wrong: 1, images: [{ name: `${HOSTILE}/3.png` }] })
  expect(findings.matrix.counts.flat().reduce((sum: number, count: number) => sum + count)).toBe(4)
})

it('draws the course of whatever a task measures', async () => {
  const { review: _, ...plain } = classification()
  await open(plain as Task).afterEpoch([row(1, 0.5)])
  const text = await page()
  expect(text).toContain('top5')
  expect(text).not.toContain('Confusion matrix')
})

it('is no reason to stop where it cannot be written', async () => {
  await mkdir(join(folder, 'taken/report.html'), { recursive: true })
  await open(classification(), join(folder, 'taken')).afterEpoch([row(1, 0.5)])
  expect(warnings).toEqual([expect.stringMatching(/^report\.html not written: .*taken/)])
})
