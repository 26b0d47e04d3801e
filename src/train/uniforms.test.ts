/** Random shares of shake-shake in training: inputs of the step, drawn from seed and step alone. */

import { describe, expect, it } from 'vitest'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { type Model, model } from '../models/registry.ts'
import { conv2d, globalMean, layer, linear, shake } from '../nn/index.ts'
import { sgd } from './optimizers.ts'
import { RECIPES } from './recipes.ts'
import { TrainingSession } from './session.ts'
import { trainingStep } from './step.ts'

const CLASSES = 3
const BATCH = 4
const SIZE = 6

const shaken: Model = {
  name: 'two branches',
  describe: '',
  size: SIZE,
  classes: CLASSES,
  channels: 1,
  network: layer(
    { left: conv2d(1, 4, 3), right: conv2d(1, 4, 3), fc: linear(4, CLASSES) },
    ({ left, right, fc }, x, mode) => fc(globalMean(shake(left(x), right(x), 'shake', mode))),
  ),
}

const batch = {
  images: Float32Array.from({ length: BATCH * SIZE ** 2 }, (_, i) => Math.sin(i)),
  indices: Uint32Array.from({ length: BATCH }, (_, i) => i),
}
const targets = {
  labels: { shape: [BATCH], data: Int32Array.from({ length: BATCH }, (_, i) => i % CLASSES) },
}

/** The logits of the first update, if it is the given step. */
const logitsAt = async (step: number): Promise<readonly number[]> => {
  const session = new TrainingSession({
    model: shaken,
    size: [SIZE, SIZE],
    recipe: { ...RECIPES.short, batch: BATCH },
    seed: 0,
    engine: onnxEngine,
    threads: 1,
  })
  try {
    const { outputs } = await session.step(batch, targets, { step, learningRate: 0.1 })
    return [...outputs.logits.data]
  } finally {
    await session.dispose()
  }
}

describe('uniform draws', () => {
  it.each([
    ['shake26_2x96d', 2 * 12],
    ['shake29_2x4x64d', 9],
  ])('of %s: %d, one an image', (name, count) => {
    const images = [BATCH, 3, 32, 32]
    const { network } = model(name)
    const { uniforms, masks } = trainingStep({ network, images, optimizer: sgd() })
    expect(uniforms).toHaveLength(count)
    expect(uniforms.map(({ shape }) => shape)).toEqual(new Array(count).fill([BATCH, 1, 1, 1]))
    expect(masks).toEqual([])
  })

  it('are the same for the same step, others for another step', async () => {
    const first = await logitsAt(0)
    expect(await logitsAt(0)).toEqual(first)
    expect(await logitsAt(1)).not.toEqual(first)
  })
})
