/** Training on oneDNN: it follows ONNX Runtime, gives the same bits again, and leaves nothing behind. */

import { describe, expect, it } from 'vitest'
import { model } from '../../models/registry.ts'
import { random } from '../../random/index.ts'
import { RECIPES } from '../../train/recipes.ts'
import { TrainingSession } from '../../train/session.ts'
import type { Engine } from '../engine.ts'
import { onnxEngine } from '../onnxruntime/engine.ts'
import { onednnEngine } from './engine.ts'
import { network } from './selfTest.ts'

const BATCH = 8
const SIZE = 16
/** Of compiling and disposing; a thousand and more where there is time. */
const CYCLES = Number(process.env.EXCITE_CYCLES ?? 300)

const missing = await onednnEngine.version().then(
  () => undefined,
  (error: Error) => error.message,
)

type State = readonly [ReadonlyMap<string, Float32Array>, ReadonlyMap<string, Float32Array>]

/** Losses and final weights of a few steps. */
const trained = async (name: string, engine: Engine, steps = 3, from?: State) => {
  const network = model(name)
  const session = new TrainingSession({
    model: network,
    size: [SIZE, SIZE],
    recipe: { ...RECIPES.short, batch: BATCH },
    seed: 1,
    engine,
    threads: 2,
  })
  if (from) await session.restore(...from)
  const draw = random(2)
  const images = Float32Array.from({ length: BATCH * network.channels * SIZE * SIZE }, (_, i) =>
    draw.normal(i),
  )
  const labels = Int32Array.from({ length: BATCH }, (_, i) => i % network.classes)
  const batch = { images, indices: Uint32Array.from(labels.keys()) }
  const targets = { labels: { shape: [BATCH], data: labels } }
  const losses: number[] = []
  for (let step = 0; step < steps; step++) {
    const { loss } = await session.step(batch, targets, { step, learningRate: 0.05 })
    losses.push(loss)
  }
  const { logits } = await session.infer(images)
  const state: State = [new Map(await session.weights(false)), new Map(await session.slots())]
  await session.dispose()
  return { losses, logits: [...logits.data], state }
}

describe.skipIf(missing !== undefined)(
  `training on oneDNN${missing ? ` (${missing})` : ''}`,
  () => {
    it.each(['se-resnet8', 'sk-resnet8', 'gct-resnet8'])('%s follows ONNX Runtime', async name => {
      const ours = await trained(name, onednnEngine)
      const theirs = await trained(name, onnxEngine)
      for (const [i, loss] of theirs.losses.entries()) expect(ours.losses[i]).toBeCloseTo(loss, 3)
      expect(ours.losses[2]).toBeLessThan(ours.losses[0])
    })

    it('goes on from what ONNX Runtime has trained', async () => {
      const theirs = await trained('se-resnet8', onnxEngine, 2)
      const [ours, whole] = [
        await trained('se-resnet8', onednnEngine, 1, theirs.state),
        await trained('se-resnet8', onnxEngine, 1, theirs.state),
      ]
      expect(ours.losses[0]).toBeCloseTo(whole.losses[0], 4)
    })

    it('gives the same bits again with the same threads', async () => {
      expect(await trained('se-resnet8', onednnEngine)).toEqual(
        await trained('se-resnet8', onednnEngine),
      )
    })

    it('gives back what it took, over many compilations', async () => {
      const tested = network()
      const cycle = async (count: number): Promise<void> => {
        for (let i = 0; i < count; i++) await (await onednnEngine.compile(tested)).dispose()
      }
      // The library keeps the code of its last thousand primitives.
      await cycle(CYCLES / 3)
      const before = process.memoryUsage().rss
      await cycle(CYCLES)
      // The heap alone comes and goes by half of that; four thousand cycles stay as flat.
      expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20)
    })
  },
)
