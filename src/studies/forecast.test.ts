/** How long a study takes, from a pace that is given instead of measured. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openShapes } from '../data/shapes/shapes.ts'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { measurePace } from '../runs/pace.ts'
import { createRun, writeMetrics } from '../runs/runFolder.ts'
import { RECIPES } from '../train/recipes.ts'
import { forecast } from './forecast.ts'
import { type Plan, planStudy } from './plan.ts'

const size = 8
const train = openShapes({ split: 'train', count: 43, size })
const test = openShapes({ split: 'test', count: 25, size })
const pace = { start: 1, step: 0.5, evaluation: 0.1 }

const inFolder = async (work: (plan: Plan) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'excite-'))
  const recipe = { ...RECIPES.short, epochs: 3, batch: 10 }
  try {
    await work(
      planStudy(
        'se-squeeze',
        { model: 'resnet8', data: 'shapes', engine: 'onnxruntime', threads: 1, seeds: 2, recipe },
        folder,
      ),
    )
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Four steps and three batches of evaluation. */
const EPOCH = 4 * pace.step + 3 * pace.evaluation
const RUN = pace.start + 3 * EPOCH

it('counts steps, evaluations and starts of every run', () =>
  inFolder(async plan => {
    const found = await forecast(plan, { jobs: 1, train, test, measure: async () => pace })
    expect(found.variants.map(({ id }) => id)).toEqual(['mean', 'max'])
    expect(found.variants[0].run).toBeCloseTo(RUN, 10)
    expect(found.total).toBeCloseTo(4 * RUN, 10)
  }))

it('shares runs out to jobs, but no run to two', () =>
  inFolder(async plan => {
    const options = { train, test, measure: async () => pace }
    expect((await forecast(plan, { ...options, jobs: 2 })).total).toBeCloseTo(2 * RUN, 10)
    expect((await forecast(plan, { ...options, jobs: 16 })).total).toBeCloseTo(RUN, 10)
  }))

it('leaves out what is trained already', () =>
  inFolder(async plan => {
    const [first] = plan.runs
    await createRun(first.folder, first.config)
    const row = { epoch: 1, learningRate: 0.1, trainLoss: 1, trainTop1: 0.5, testLoss: 1 }
    await writeMetrics(first.folder, [{ ...row, testTop1: 0.5, testTop5: 0.9, seconds: 1 }])
    const found = await forecast(plan, { jobs: 1, train, test, measure: async () => pace })
    expect(found.variants.map(({ epochsLeft }) => epochsLeft)).toEqual([5, 6])
    expect(found.total).toBeCloseTo(4 * RUN - EPOCH, 10)
  }))

it('measures real steps', () =>
  inFolder(async ({ runs: [run] }) => {
    const { start, step, evaluation } = await measurePace(run, onnxEngine, train, test)
    for (const seconds of [start, step, evaluation]) {
      expect(seconds).toBeGreaterThan(0)
      expect(seconds).toBeLessThan(60)
    }
  }))
