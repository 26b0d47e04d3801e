/** What a step can be told: two labels an image, and parameters that stay as they are. */

import { expect, it } from 'vitest'
import { referenceEngine } from '../engines/reference/engine.ts'
import { batchNorm2d, conv2d, globalMean, layer, linear } from '../nn/index.ts'
import { relu } from '../ops/index.ts'
import { random } from '../random/index.ts'
import { classification } from '../tasks/classification.ts'
import { adamw, sgd } from './optimizers.ts'
import { type StepOptions, trainingStep } from './step.ts'

const network = layer(
  { conv: conv2d(2, 4, 3, { padding: 1 }), bn: batchNorm2d(4), fc: linear(4, 3) },
  ({ conv, bn, fc }, x) => fc(globalMean(relu(bn(conv(x))))),
)
const images = [4, 2, 5, 5]
const draw = random(11)
const numbers = (name: string, size: number): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => draw.fork(name).normal(i) * 0.5)

const run = async (options: Partial<StepOptions>, share?: number) => {
  const step = trainingStep({ network, images, optimizer: sgd(), weightDecay: 0.1, ...options })
  const vector = (name: string, size: number, data = numbers(name, size)) => ({
    shape: [size],
    data,
  })
  const { size } = step.parameters
  const scalar = (value: number) => ({ shape: [], data: Float32Array.of(value) })
  const before = vector('parameters', size)
  const zero = () => vector('zero', size, new Float32Array(size))
  const buffers = numbers('buffers', step.buffers.size).map(value => Math.abs(value) + 0.5)
  const feeds = {
    images: { shape: images, data: numbers('images', 200) },
    labels: { shape: [4], data: Int32Array.of(0, 1, 2, 0) },
    parameters: before,
    buffers: vector('buffers', step.buffers.size, buffers),
    momentum: zero(),
    expAvg: zero(),
    expAvgSq: zero(),
    learningRate: scalar(0.1),
    step: scalar(1),
    ...(share === undefined
      ? {}
      : { partners: { shape: [4], data: Int32Array.of(2, 2, 0, 1) }, share: scalar(share) }),
  }
  const compiled = await referenceEngine.compile(step.graph)
  const outputs = await compiled.run(
    Object.fromEntries(Object.entries(feeds).filter(([name]) => name in inputsOf(step.graph))),
  )
  return { step, before: before.data, buffers, outputs }
}
const inputsOf = ({ inputs }: { inputs: Iterable<{ name: string }> | object }): object =>
  Symbol.iterator in inputs
    ? Object.fromEntries([...(inputs as Iterable<{ name: string }>)].map(({ name }) => [name, 1]))
    : inputs

it('takes a mixed loss that is each label’s by its share, smoothing included', async () => {
  const lossOf = async (share?: number): Promise<number> => {
    const { outputs } = await run(
      { task: classification({ mixed: share !== undefined, labelSmoothing: 0.1 }) },
      share,
    )
    return outputs.loss.data[0]
  }
  const [own, other] = [await lossOf(1), await lossOf(0)]
  expect(own).toBeCloseTo(await lossOf(), 10)
  expect(Math.abs(own - other)).toBeGreaterThan(0.01)
  expect(await lossOf(0.3)).toBeCloseTo(0.3 * own + 0.7 * other, 6)
})

for (const [name, optimizer] of Object.entries({ sgd: sgd(), adamw: adamw() }))
  it(`leaves frozen parameters and their statistics exactly as they are: ${name}`, async () => {
    const frozen = new Set(['conv.weight', 'bn.weight', 'bn.bias'])
    const { step, before, buffers, outputs } = await run({ optimizer, frozen })
    for (const { name, offset, size } of step.parameters.entries)
      for (let i = offset; i < offset + size; i++) {
        if (frozen.has(name)) expect(outputs.parameters.data[i], name).toBe(before[i])
        else expect(outputs.parameters.data[i], name).not.toBe(before[i])
      }
    expect(Float32Array.from(outputs.buffers.data)).toEqual(buffers)
  })
