/** A device that is lost amid a training: the run stays as of its last checkpoint, and goes on elsewhere. */

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openShapes } from '../data/shapes/shapes.ts'
import type { Engine } from '../engines/engine.ts'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { webgpuEngine } from '../engines/webgpu/compile.ts'
import { missingSoftware, softwareGpu } from '../engines/webgpu/software.testing.ts'
import { customModel } from '../models/registry.ts'
import { conv2d, globalMean, layer, linear } from '../nn/index.ts'
import { relu } from '../ops/index.ts'
import { RECIPES } from '../train/recipes.ts'
import { train } from './trainer.ts'
import type { TrainOptions } from './trainOptions.ts'

const few = customModel(
  'few',
  layer({ first: conv2d(3, 8, 3, { padding: 1 }), last: linear(8, 10) }, ({ first, last }, x) =>
    last(globalMean(relu(first(x)))),
  ),
  { classes: 10, size: 8 },
)
const images = openShapes({ split: 'train', count: 8, size: 8 })

const run = (folder: string, engine: Engine, more: Partial<TrainOptions> = {}) =>
  train({
    config: {
      model: few.name,
      custom: true,
      data: 'shapes',
      seed: 0,
      engine: 'onnxruntime',
      threads: 1,
      recipe: { ...RECIPES.short, epochs: 3, batch: 4 },
    },
    model: few,
    train: images,
    validation: images,
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    engine,
    conditions: { engine: engine.name },
    folder,
    ...more,
  })

it.skipIf(missingSoftware !== undefined)(
  'a lost device costs the steps since the last checkpoint, and no more',
  { timeout: 60_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'excite-'))
    const engine = webgpuEngine(softwareGpu)
    const { gpu } = await engine.open()
    let steps = 0
    const lost = run(folder, engine, {
      onStep: () => {
        if (++steps === 3) gpu.destroy()
      },
    })
    await expect(lost).rejects.toMatchObject({
      code: 'engine',
      expected: 'a device that computes',
      hint: expect.stringContaining('`resume` it, with another `engine`'),
    })
    const { history, finished } = await run(folder, onnxEngine, { resume: 'compatible' })
    expect(finished).toBe(true)
    expect(history).toHaveLength(3)
    expect(history[2].trainLoss).toBeLessThan(history[0].trainLoss)
    await rm(folder, { recursive: true })
  },
)
