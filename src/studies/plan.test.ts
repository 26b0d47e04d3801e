/** The studies as data, and the runs that they plan. */

import { describe, expect, it } from 'vitest'
import { RECIPES } from '../train/recipes.ts'
import { planStudy, type StudySettings } from './plan.ts'
import { findStudy, STUDIES } from './registry.ts'
import { missing } from './study.ts'
import { varyStudy } from './vary.ts'

const settings: StudySettings = {
  model: 'resnet8',
  data: 'shapes',
  engine: 'onnxruntime',
  seeds: 2,
  recipe: RECIPES.short,
}

describe.each(Object.entries(STUDIES))('%s', (_, study) => {
  it('has variants of different ids that can name folders, its baseline among them', () => {
    const ids = study.variants.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z0-9-]+$/)
    expect(ids).toContain(study.baseline)
    expect(Object.keys(RECIPES)).toContain(study.recipe)
  })

  it('builds all of them', () => {
    for (const variant of study.variants) expect(missing(variant)).toBeUndefined()
  })

  it('has no two variants that are the same network', () => {
    const specs = study.variants.map(({ attention, variations }) =>
      JSON.stringify([attention, variations]),
    )
    expect(new Set(specs).size).toBe(specs.length)
  })
})

it("holds the papers' figures", () => {
  const errors = (name: string) => findStudy(name).variants.map(({ paper }) => paper?.top1)
  expect(errors('se-reduction')).toEqual([23.3, 22.29, 22.25, 22.26, 22.28, 22.72])
  expect(errors('se-squeeze')).toEqual([22.28, 22.57])
  expect(errors('se-excitation')).toEqual([22.28, 23.0, 23.47])
  expect(errors('se-stages')).toEqual([23.3, 23.03, 23.04, 22.68, 22.28])
  expect(errors('se-positions')).toEqual([22.28, 22.23, 22.78, 22.2])
  expect(errors('se-inside')).toEqual([22.28, 22.48])
  expect(errors('se-nosqueeze')).toEqual([23.3, 22.93, 22.28])
  expect(errors('sk-dilation')).toEqual([20.79, 20.97, 20.91, 20.8, 21.18])
  expect(errors('sk-kernels')).toEqual([
    22.23, 25.14, 25.51, 21.76, 21.82, 23.64, 21.47, 20.79, 20.97, 23.09, 20.76,
  ])
  expect(errors('gct-gate')).toEqual([23.8, 22.7, 22.9, 22.7])
})

describe('a plan', () => {
  it('is ordinary configurations that differ in attention and seed', () => {
    const { runs } = planStudy('se-nosqueeze', settings, 'f')
    expect(runs.map(({ folder }) => folder)).toEqual([
      'f/plain-seed0',
      'f/nosqueeze-seed0',
      'f/se-seed0',
      'f/plain-seed1',
      'f/nosqueeze-seed1',
      'f/se-seed1',
    ])
    for (const { config, seed, variant } of runs) {
      const { attention, ...rest } = config
      expect(attention).toBe(variant.attention)
      expect(rest).toEqual({ ...runs[0].config, seed })
    }
  })

  it('keeps the baseline among chosen variants, and the order of the table', () => {
    const { variants, baseline } = planStudy(
      'se-reduction',
      { ...settings, variants: ['r16', 'r2'], baseline: 'r4' },
      'f',
    )
    expect(variants.map(({ id }) => id)).toEqual(['r2', 'r4', 'r16'])
    expect(baseline.id).toBe('r4')
  })

  it.each<readonly [string, string, Partial<StudySettings>]>([
    ['se-reductoin', 'Did you mean se-reduction?', {}],
    [
      'se-squeeze',
      'study.variants: expected a variant of the study: mean, max',
      { variants: ['r2'] },
    ],
    ['se-squeeze', 'Did you mean mean?', { baseline: 'men' }],
    ['se-squeeze', 'study.model: expected a backbone without attention', { model: 'se-resnet8' }],
    ['se-squeeze', 'such as: resnext50', { model: 'sknet50' }],
    ['se-squeeze', 'Did you mean resnet8?', { model: 'resnt8' }],
    [
      'se-squeeze',
      'recipe.epochs: expected a whole number from 1, got 0',
      { recipe: { ...RECIPES.short, epochs: 0 } },
    ],
  ])('of %s is refused: %s', (name, message, more) => {
    expect(() => planStudy(name, { ...settings, ...more }, 'f')).toThrow(message)
  })
})

it('varies a value of the recipe, with attention or without, all else alike', () => {
  const values = [0.01, 0.1].map(learningRate => ({
    text: `${learningRate}`,
    changes: { learningRate },
  }))
  const study = varyStudy('lr', values)
  const settings = {
    model: 'se-resnet8',
    data: 'shapes',
    engine: 'onnxruntime',
    seeds: 2,
    recipe: RECIPES.short,
  }
  const { runs, baseline } = planStudy('vary-lr', settings, 'runs/vary', study)
  expect(baseline.id).toBe('lr-0.01')
  expect(runs.map(({ folder }) => folder)).toEqual(
    ['lr-0.01-seed0', 'lr-0.1-seed0', 'lr-0.01-seed1', 'lr-0.1-seed1'].map(
      name => `runs/vary/${name}`,
    ),
  )
  const [{ config: one }, { config: other }] = runs
  expect(one.recipe).toEqual({ ...RECIPES.short, learningRate: 0.01 })
  expect({ ...other, recipe: one.recipe }).toEqual(one)
  expect(() => varyStudy('lr', values.slice(1))).toThrow('study.vary: expected two values or more')
})
