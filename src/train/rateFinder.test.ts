/** The range test: what it suggests of losses, and that it ends where they run away. */

import { expect, it } from 'vitest'
import { openShapes } from '../data/shapes/shapes.ts'
import { openEngine } from '../engines/registry.ts'
import { model } from '../models/registry.ts'
import { type RateTrial, rateTrials, suggestedRate } from './rateFinder.ts'
import { RECIPES } from './recipes.ts'
import { TrainingSession } from './session.ts'
import { taskOf } from './taskOf.ts'

const trialsOf = (losses: readonly number[]): RateTrial[] =>
  losses.map((smoothed, i) => ({ rate: 10 ** (i - 5), loss: smoothed, smoothed }))

it('suggests where the loss falls fastest, below a tenth of where it is lowest', () => {
  // Rates are 1e-5, 1e-4, …; slopes are those between the two neighbors.
  expect(suggestedRate(trialsOf([2.3, 2.3, 2.2, 1.2, 1.1, 1.05, 1.0, 3]))).toBeCloseTo(1e-2, 6)
  expect(suggestedRate(trialsOf([2.3, 2.3, 1.3, 1.2, 1.1, 1.0, 3]))).toBeCloseTo(1e-3, 6)
  expect(suggestedRate(trialsOf([2.3, 2.29, 2.2, 0.9]))).toBeCloseTo(1e-3, 6)
})

it('suggests nothing where the loss never falls', () => {
  expect(suggestedRate(trialsOf([2.3, 2.4, 2.5, 4]))).toBeUndefined()
  expect(suggestedRate(trialsOf([2.3]))).toBeUndefined()
  expect(suggestedRate([])).toBeUndefined()
})

it('grows the rate by one factor, and ends where the loss runs away', async () => {
  const recipe = { ...RECIPES.short, batch: 8, weightDecay: 0 }
  const train = openShapes({ split: 'train', count: 24, size: 16 })
  const { engine } = await openEngine('onnxruntime')
  const session = new TrainingSession({
    model: model('resnet8'),
    size: [16, 16],
    recipe,
    seed: 0,
    engine,
    threads: 1,
  })
  const trials: RateTrial[] = []
  const test = { session, task: taskOf({ recipe }), train, recipe, seed: 0, from: 1e-3, to: 1e9 }
  const normalization = { mean: [0.5, 0.5, 0.5], std: [0.3, 0.3, 0.3] }
  for await (const trial of rateTrials({ ...test, normalization, steps: 25 })) trials.push(trial)
  await session.dispose()
  expect(trials.length).toBeGreaterThan(5)
  expect(trials.length).toBeLessThan(25)
  expect(trials[1].rate / trials[0].rate).toBeCloseTo(10 ** 0.5)
  expect(trials[3].rate / trials[2].rate).toBeCloseTo(10 ** 0.5)
})
