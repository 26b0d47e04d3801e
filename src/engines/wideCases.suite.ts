/**
 * Shapes of real networks: channels of 32 and more, in which engines change their algorithm (Winograd,
 * merged groups, blocks of channels), and vectors that are split, computed with and put together.
 */

import { describe, expect, it } from 'vitest'
import { gradients } from '../autodiff/index.ts'
import { graph, input, sizeOf, type Value } from '../graph/index.ts'
import {
  add,
  concat,
  convolution,
  mul,
  reduceSum,
  reduceSumSquare,
  relu,
  split,
} from '../ops/index.ts'
import { random } from '../random/index.ts'
import type { Engine, Tensor, Tensors } from './engine.ts'
import { referenceEngine } from './reference/engine.ts'

/** A convolution of 3×3 from so many channels to so many others. */
interface Wide {
  readonly channels: readonly [number, number]
  readonly size: number
  readonly batch?: number
  readonly group?: number
  readonly stride?: number
}

const CASES: Readonly<Record<string, Wide>> = {
  'many tiles': { channels: [32, 32], size: 24, batch: 2 },
  'few tiles': { channels: [32, 48], size: 7 },
  'a channel more than blocks': { channels: [33, 40], size: 6 },
  'stride 2': { channels: [32, 32], size: 9, stride: 2 },
  'groups of 4': { channels: [32, 32], size: 6, group: 8 },
  'groups of 16': { channels: [32, 64], size: 6, group: 2 },
  depthwise: { channels: [32, 32], size: 7, group: 32 },
}

const tensorOf = ({ shape, name = '' }: Value): Tensor => {
  const draw = random(7).fork(name)
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => draw.normal(i) / 4)
  return { dtype: 'float32', shape, data }
}

const expectClose = (got: Tensors, wanted: Tensors): void => {
  for (const [name, { data }] of Object.entries(wanted)) {
    const numbers = Array.from(data)
    const most = numbers.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1)
    const wrong = numbers.findIndex(
      (value, i) => !(Math.abs(got[name].data[i] - value) <= 1e-4 * most),
    )
    if (wrong >= 0)
      expect.fail(`${name}[${wrong}]: ${got[name].data[wrong]}, not ${numbers[wrong]}`)
  }
}

const describeConvolutions = (engine: Engine): void => {
  describe.each(Object.entries(CASES))(`${engine.name}: wide convolutions, %s`, (_, wide) => {
    const { channels, size, batch = 1, group = 1, stride = 1 } = wide
    const x = input('x', [batch, channels[0], size, size])
    const weight = input('weight', [channels[1], channels[0] / group, 3, 3])
    const y = convolution(x, weight, undefined, { padding: 1, group, stride })
    const feeds = { x: tensorOf(x), weight: tensorOf(weight) }

    it('forward, with its gradients', async () => {
      const [dx, dw] = gradients(reduceSum(mul(y, y)), [x, weight])
      const [wanted, got] = await Promise.all(
        [referenceEngine, engine].map(async one => {
          const compiled = await one.compile(graph({ y, dx, dw }))
          const results = await compiled.run(feeds)
          await compiled.dispose()
          return results
        }),
      )
      expectClose(got, wanted)
    })

    it('with weights that stay, and ReLU after it', async () => {
      const constants = new Map([['weight', feeds.weight.data as Float32Array]])
      const [wanted, got] = await Promise.all(
        [referenceEngine, engine].map(async one => {
          const compiled = await one.compile(graph({ y: relu(y) }), { constants })
          const results = await compiled.run({ x: feeds.x })
          await compiled.dispose()
          return results
        }),
      )
      expectClose(got, wanted)
    })
  })
}

/** A step of gradient descent on a vector of all weights. */
export const describeVectors = (engine: Engine): void => {
  it(`${engine.name}: a state vector is split, computed with and put together`, async () => {
    const w = input('w', [24])
    const rate = input('rate', [])
    const [a, b, c] = split(w, [4, 12, 8], 0)
    const next = add(w, mul(concat([c, mul(b, b), a], 0), rate))
    const given = graph({ w: next, norm: reduceSumSquare(w), part: mul(b, 2) })
    const feeds = { rate: tensorOf(rate) }
    const [wanted, got] = await Promise.all(
      [referenceEngine, engine].map(async one => {
        const compiled = await one.compile(given, { state: ['w'] })
        await compiled.state.write({ w: tensorOf(w) })
        await compiled.run(feeds)
        const { norm, part } = await compiled.run(feeds)
        const after = await compiled.state.read('w')
        await compiled.dispose()
        return { norm, part, after }
      }),
    )
    expectClose(got, wanted)
  })
}

/** Declares the cases for an engine. */
export const describeWideCases = (engine: Engine): void => {
  describeConvolutions(engine)
  describeVectors(engine)
}
