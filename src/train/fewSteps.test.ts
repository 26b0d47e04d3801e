/** Trainings that are too short are said to be, with values that are not. */

import { expect, it } from 'vitest'
import { fewSteps, fittedBatch } from './fewSteps.ts'
import { RECIPES } from './recipes.ts'

it('135 images by the default recipe are one step an epoch, which is said', () => {
  const recipe = RECIPES.short
  expect(fewSteps({ recipe }, 121)).toBe(
    '0 steps in all, and a network that starts from nothing needs some 300: set `recipe.batch` to 8 and `recipe.epochs` to 20',
  )
  expect(fewSteps({ recipe }, 128)).toContain('10 steps in all')
  expect(fewSteps({ recipe }, 4000)).toBeUndefined()
})

it('what it says to set is enough, for any number of images', () => {
  for (const weights of [undefined, 'best.safetensors'])
    for (let images = 2; images < 3000; images += 7) {
      const config = {
        recipe: { ...RECIPES.short, batch: Math.min(128, images), epochs: 1 },
        weights,
      }
      const said = /batch` to (\d+).*epochs` to (\d+)/.exec(fewSteps(config, images) ?? '')
      if (said === null) continue
      const [batch, epochs] = said.slice(1).map(Number)
      expect(batch).toBeLessThanOrEqual(images)
      expect(
        fewSteps({ recipe: { ...RECIPES.short, batch, epochs }, weights }, images),
      ).toBeUndefined()
    }
})

it('a batch is filled several times over by what images there are', () => {
  expect([3, 45, 135, 450, 4500].map(images => fittedBatch(images, 64))).toEqual([3, 8, 16, 32, 64])
})
