/** Configurations of version 0.1 are read as of now. */

import { expect, it } from 'vitest'
import { checkConfig } from './config.ts'
import { RECIPES } from './recipes.ts'

it('fields of a recipe that were called otherwise have the names of now', () => {
  const { labelSmoothing, freezeBatchNormEpochs, schedule, initialize, ...rest } =
    RECIPES['senet-ablation']
  const { maxDrops, ...plateau } = schedule
  const config = { model: 'resnet8', data: 'shapes', seed: 0, engine: 'onnxruntime' }
  const old = {
    ...rest,
    smoothing: labelSmoothing,
    frozenEpochs: freezeBatchNormEpochs,
    averageDecay: 0.9,
    schedule: { ...plateau, drops: maxDrops },
    initialise: initialize,
  }
  expect(checkConfig({ ...config, recipe: old })).toEqual({
    ...config,
    recipe: { ...RECIPES['senet-ablation'], emaDecay: 0.9 },
  })
})
