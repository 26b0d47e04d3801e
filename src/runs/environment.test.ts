/** Runs of earlier versions are read as of now. */

import { expect, it } from 'vitest'
import { checkConfig } from '../train/config.ts'
import { RECIPES } from '../train/recipes.ts'
import { checkConditions } from './environment.ts'

it('a device of 0.1 is an engine', () => {
  const old = { model: 'resnet8', data: 'shapes', seed: 0, device: 'onnx', recipe: RECIPES.short }
  expect(checkConfig(old, 'config.json').engine).toBe('onnxruntime')
  expect(checkConfig({ ...old, device: 'onednn' }, 'config.json').engine).toBe('onednn')
})

it('the same engine under its old name is no difference, another one is', () => {
  const saved = { device: 'onnx 1.30.0', node: '20' }
  const now = { engine: 'onnxruntime 1.30.0', node: '20' }
  expect(checkConditions(saved, now, false)).toEqual([])
  expect(checkConditions(saved, { ...now, engine: 'onednn 2.6.3' }, true)).toEqual([
    'engine onnxruntime 1.30.0 then, onednn 2.6.3 now',
  ])
})
