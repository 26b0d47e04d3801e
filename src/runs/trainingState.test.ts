/** Checkpoints of version 0.1 are read as of now. */

import { expect, it } from 'vitest'
import { model } from '../models/registry.ts'
import { initialize } from '../nn/index.ts'
import { classification } from '../tasks/classification.ts'
import type { Trained } from '../weights/trained.ts'
import type { SavedProgress } from './progress.ts'
import { readSaved, writeSaved } from './trainingState.ts'

const network = model('resnet8', { classes: 2 })
const trained: Trained = {
  card: {
    ...{ model: 'resnet8', classes: ['a', 'b'], channels: 3, height: 8, width: 8 },
    ...{ mean: [0, 0, 0], std: [1, 1, 1] },
  },
  model: network,
  tensors: initialize(network.network, 0),
}
const progress: SavedProgress = {
  step: 7,
  sums: { loss: 3, top1: 1, top5: 4, count: 4 },
  seconds: 1.5,
  history: [
    {
      epoch: 1,
      learningRate: 0.1,
      trainLoss: 2,
      trainTop1: 0.25,
      testLoss: 3,
      testTop1: 0.5,
      testTop5: 1,
      seconds: 2,
    },
  ],
  conditions: {},
}
const one = (value: number): Float32Array => Float32Array.of(value)

it('slots of Adam and of the average have the names of now', () => {
  const old = new Map([
    ['mean:fc.bias', one(1)],
    ['square:fc.bias', one(2)],
    ['average:fc.bias', one(3)],
    ['momentum:layer1.0.bn1.mean', one(4)],
  ])
  const { slots, weights } = readSaved(writeSaved(trained, old, progress), 'run', network)
  expect([...slots]).toEqual([
    ['expAvg:fc.bias', one(1)],
    ['expAvgSq:fc.bias', one(2)],
    ['ema:fc.bias', one(3)],
    ['momentum:layer1.0.bn1.mean', one(4)],
  ])
  expect(weights.get('fc.bias')).toEqual(trained.tensors.get('fc.bias'))
})

it('the sums of an epoch under way go on, and its rows keep the order of their columns', () => {
  const saved = readSaved(writeSaved(trained, new Map(), progress), 'run', network).progress
  expect(JSON.stringify(saved)).toBe(JSON.stringify(progress))
  const metrics = classification().accumulator({ labels: new Int32Array(1) } as never)
  metrics.merge(saved.sums)
  expect(metrics.metrics()).toEqual({ loss: 0.75, top1: 0.25, top5: 1 })
})
