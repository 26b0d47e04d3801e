/** A benchmark counts what it runs, and its figures agree with each other. */

import { expect, it } from 'vitest'
import { onnxEngine } from '../engines/onnxruntime/engine.ts'
import { model } from '../models/registry.ts'
import { summarize } from '../models/summary.ts'
import { repeat, spreadOf } from '../stats/clock.ts'
import { benchmark } from './bench.ts'

it('takes the smallest time as the best, and the middle one as the median', () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, best: 1 })
})

it('warms up, and measures as often and as long as told', async () => {
  const runs: number[] = []
  const count = async (run: number) => runs.push(run)
  expect(await repeat(count, { warmUp: 2, seconds: 0, least: 3 })).toHaveLength(3)
  expect(runs).toEqual([0, 1, 2, 3, 4])
  const slow = () => new Promise(resolve => setTimeout(resolve, 20))
  const times = await repeat(slow, { warmUp: 0, seconds: 0.1, least: 1 })
  expect(times.reduce((sum, time) => sum + time)).toBeGreaterThanOrEqual(0.1)
})

const BATCH = 4
const options = {
  model: model('se-resnet8'),
  size: 16,
  batch: BATCH,
  engine: onnxEngine,
  threads: 1,
}
const quickly = { warmUp: 1, seconds: 0, least: 2 }
const forward = BATCH * summarize(options.model, [16, 16]).multiplyAdds

it('counts forward alone in inference, and three times that in training but for the first layer', async () => {
  const infer = await benchmark('infer', options, quickly)
  const train = await benchmark('train', options, quickly)
  expect(infer.multiplyAdds).toBe(forward)
  // No gradient with respect to the images: a forward pass of the stem less.
  const stem = BATCH * 16 * 16 * 3 * 16 * 9
  expect(train.multiplyAdds).toBe(3 * forward - stem)
  expect(train.steps).toBe(2)
  expect(train.imagesPerSecond.best).toBeCloseTo(BATCH / train.step.best)
  expect(train.shareOfPeak).toBeCloseTo(train.multiplyAdds / train.step.best / train.peak)
  expect(train.shareOfPeak).toBeGreaterThan(0)
  expect(train.shareOfPeak).toBeLessThan(1)
  expect(train.firstStep).toBeGreaterThan(train.compile)
  expect(train.peakMemory).toBeGreaterThan(50e6)
})
