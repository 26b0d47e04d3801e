/** What is trained where nobody said: enough steps for any set, and every choice with its reason. */

import { expect, it } from 'vitest'
import { model } from '../models/registry.ts'
import { fewSteps } from './fewSteps.ts'
import { epochsWithin, LONGEST_SECONDS, suggestTraining } from './suggest.ts'

const facts = (images: number, side = 28) => ({ images, classes: 10, side })

it('has enough steps for any number of images, from two to millions, and a batch that fits', () => {
  for (let images = 2; images < 3e6; images = Math.ceil(images * 1.3))
    for (const trained of [false, true]) {
      const { recipe } = suggestTraining(facts(images), { trained })
      expect(recipe.batch).toBeLessThanOrEqual(images)
      // Two or three images are no set: there, 150 epochs are enough.
      const said = fewSteps({ recipe, weights: trained ? 'x' : undefined }, images)
      if (images >= 16) expect(said, `${images} images`).toBeUndefined()
    }
})

it('names networks that there are, and says why', () => {
  for (const images of [50, 5000, 500_000]) {
    const { model: name, size, reasons } = suggestTraining(facts(images, 1000))
    expect(model(name).classes).toBeGreaterThan(1)
    expect(size).toBe(64)
    expect(reasons).toHaveLength(2)
    expect(reasons[0]).toContain(name)
    expect(reasons[1]).toContain('1,000 pixels')
  }
})

it('keeps what is given, and does not explain it', () => {
  const given = { model: 'se-resnet20', size: 48, cropPct: 0.9, trained: true }
  const { recipe, reasons, ...rest } = suggestTraining(facts(100), given)
  expect(rest).toEqual({ model: 'se-resnet20', size: 48, cropPct: 0.9 })
  expect(reasons).toEqual([])
  expect(recipe.learningRate).toBeLessThan(suggestTraining(facts(100)).recipe.learningRate)
})

it('trains for fewer epochs where they would take too long, but for some', () => {
  expect(epochsWithin(20, epochs => 10 * epochs)).toBe(20)
  expect(epochsWithin(20, epochs => (LONGEST_SECONDS / 10) * epochs)).toBe(10)
  expect(epochsWithin(20, () => 1e6)).toBe(4)
})
