/** Whole training steps: by kernels in loops, and by the reference. */

import { expect, it } from 'vitest'
import { type Graph, sizeOf, type Value } from '../../graph/index.ts'
import { model } from '../../models/registry.ts'
import { random } from '../../random/index.ts'
import type { Tensor, Tensors } from '../../tensor/tensor.ts'
import { adamw, sgd } from '../../train/optimizers.ts'
import { trainingStep } from '../../train/step.ts'
import { referenceEngine } from '../reference/engine.ts'
import { group } from './group.ts'
import { interpreter } from './interpret.testing.ts'

/** Parameters near 1, so that no variance and no gate is 0; everything else drawn. */
const feedsOf = ({ inputs }: Graph): Tensors => {
  const feed = ({ name = '', shape, dtype }: Value): Tensor => {
    const draw = random(3).fork(name)
    const element = (i: number): number => {
      if (name === 'labels') return i % 3
      if (name === 'learningRate') return 0.1
      if (name === 'step') return 1
      if (name === 'parameters' || name === 'buffers') return 0.5 + draw.uniform(i)
      return name === 'images' ? draw.normal(i) : draw.uniform(i)
    }
    const numbers = Array.from({ length: sizeOf(shape) }, (_, i) => element(i))
    return {
      shape,
      data: dtype === 'int32' ? Int32Array.from(numbers) : Float32Array.from(numbers),
    }
  }
  return Object.fromEntries(inputs.map(value => [value.name ?? '', feed(value)]))
}

it.each([
  ['se-resnet8', sgd({ momentum: 0.9 })],
  ['sk-resnet8', adamw()],
  ['gct-resnet8', sgd()],
] as const)(
  'a step of %s is the reference’s',
  async (name, optimizer) => {
    const { network } = model(name, { classes: 3, channels: 1 })
    const options = { network, images: [2, 1, 4, 4], optimizer, weightDecay: 0.01, clipNorm: 1 }
    const { graph } = trainingStep({ ...options, emaDecay: 0.9 })
    const feeds = feedsOf(graph)
    const [wanted, got] = await Promise.all(
      [referenceEngine, interpreter('kernels', { channelsLast: true })].map(async engine => {
        const compiled = await engine.compile(graph)
        return compiled.run(feeds)
      }),
    )
    for (const [output, { data }] of Object.entries(wanted))
      for (const [i, value] of data.entries())
        if (!(Math.abs(got[output].data[i] - value) <= 1e-6 * Math.max(1, Math.abs(value))))
          expect.fail(`${output}[${i}]: got ${got[output].data[i]}, the reference has ${value}`)
    for (const step of group(graph, { channelsLast: true }).steps)
      if (step.kind === 'kernel')
        expect(new Set(step.kernel.operands.map(({ buffer }) => buffer)).size).toBeLessThanOrEqual(
          8,
        )
  },
  60_000,
)
