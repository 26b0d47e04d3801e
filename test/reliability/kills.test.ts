/** Kills without warning at named points and at any time: every training ends as if undisturbed. */

import { expect, it } from 'vitest'
import { openEngine } from '../../src/engines/registry.ts'
import { killTrainings } from './kills.ts'

const KILLS = 24

it('no kill changes a bit of what a training ends with', async () => {
  const native = await openEngine('onednn').catch(() => undefined)
  // Without oneDNN the other engine alone.
  const names = ['onnx/adamw/folder', 'onnx/sgd/shapes']
  if (native !== undefined) names.push('onednn/sgd/folder', 'onednn/adamw/shapes')
  const report = await killTrainings({ names, kills: KILLS, seed: 12 })
  expect(report.wrong).toEqual([])
  expect(report.kills).toBeGreaterThanOrEqual(KILLS)
}, 300_000)
