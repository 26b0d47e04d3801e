/** The rate of another batch than the paper's. */

import { describe, expect, it } from 'vitest'
import type { Recipe } from './config.ts'
import { linearRateNote, recipeFrom } from './recipeChanges.ts'

const of = (...given: Parameters<typeof recipeFrom>): Recipe => recipeFrom(...given) as Recipe

describe('the rate of senet', () => {
  it('is linear with the batch, and says so', () => {
    const recipe = of('senet', { batch: 256 })
    expect(recipe).toMatchObject({ batch: 256, learningRate: 0.15 })
    expect(recipe.warmUp).toBeUndefined()
    expect(linearRateNote('senet', recipe)).toContain('0.6 for 1024 images, 0.15 for 256; set')
  })

  it('rises from the rate of the paper where the batch is larger', () => {
    const recipe = of('senet', { batch: 2048 })
    expect(recipe).toMatchObject({ learningRate: 1.2, warmUp: { epochs: 5, from: 0.5 } })
    expect(linearRateNote('senet', recipe)).toContain('1.2 for 2048, rising from 0.6 for 5 epochs')
    const own = { epochs: 1, from: 0.1, flat: true }
    expect(of('senet', { batch: 2048, warmUp: own }).warmUp).toEqual(own)
  })

  it('is what was asked for, where something was', () => {
    for (const recipe of [of('senet', {}), of('senet', { batch: 64, learningRate: 0.6 })]) {
      expect(recipe.learningRate).toBe(0.6)
      expect(linearRateNote('senet', recipe)).toBeUndefined()
    }
    expect(of('short', { batch: 256 }).learningRate).toBe(0.1)
    expect(linearRateNote('short', of('short', { batch: 256 }))).toBeUndefined()
  })
})
