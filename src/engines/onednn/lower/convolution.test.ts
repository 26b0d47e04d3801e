/** Convolutions by every way of computing them, and their gradients, against the reference. */

import { describe, expect, it } from 'vitest'
import { gradients } from '../../../autodiff/index.ts'
import { graph, input, type Shape, sizeOf, type Value } from '../../../graph/index.ts'
import type { ConvolutionOptions } from '../../../ops/convolution.ts'
import { add, convolution, mul, reduceSum, relu, silu } from '../../../ops/index.ts'
import { random } from '../../../random/index.ts'
import type { Tensor, Tensors } from '../../engine.ts'
import { referenceEngine } from '../../reference/engine.ts'
import { onednnEngine } from '../engine.ts'

const missing = await onednnEngine.version().then(
  () => undefined,
  (error: Error) => error.message,
)

/** A share of the largest number of a tensor: F(4×4, 3×3) loses about a digit to the direct sums. */
const TOLERANCE = 2e-5

/** x, weight, and the convolution's options: for Winograd's algorithm, and in groups. */
const CASES: readonly (readonly [Shape, Shape, ConvolutionOptions])[] = [
  [[4, 32, 16, 16], [32, 32, 3, 3], { padding: 1 }],
  [[2, 48, 23, 26], [33, 48, 3, 3], { padding: 1 }],
  [[1, 64, 33, 31], [40, 64, 3, 3], { padding: 0 }],
  [[2, 32, 22, 22], [64, 32, 3, 3], { padding: 2 }],
  [[1, 96, 7, 7], [96, 96, 3, 3], { padding: 1 }],
  [[2, 32, 9, 9], [32, 4, 3, 3], { padding: 1, group: 8 }],
  [[2, 48, 9, 8], [48, 2, 3, 3], { padding: 1, group: 24, stride: 2 }],
  [[2, 32, 11, 11], [32, 8, 3, 3], { padding: 2, group: 4, dilation: 2 }],
  [[2, 32, 5, 5], [32, 16, 1, 1], { group: 2 }],
  [[2, 24, 9, 9], [24, 4, 3, 3], { padding: 1, group: 6 }],
  [[2, 32, 9, 9], [64, 4, 3, 3], { padding: 1, group: 8 }],
  [[2, 32, 9, 9], [32, 1, 3, 3], { padding: 1, group: 32 }],
]

const drawn = (label: string, shape: Shape): Tensor => {
  const draw = random(7).fork(label)
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => draw.normal(i)) }
}

const expectClose = (label: string, got: Tensor, wanted: Tensor): void => {
  const most = Math.max(...wanted.data.map(Math.abs))
  for (const [i, value] of wanted.data.entries())
    if (!(Math.abs(got.data[i] - value) <= TOLERANCE * most))
      expect.fail(`${label}[${i}]: ${got.data[i]}, not ${value}, where the largest is ${most}`)
}

const ENDS: Readonly<Record<string, (y: Value) => Value>> = {
  nothing: y => y,
  relu,
  'sum and relu': y => relu(add(y, input('other', y.shape))),
  silu,
  'scale and silu': y => silu(mul(y, 0.5)),
}

describe.skipIf(missing !== undefined)('against the reference', () => {
  for (const [x, weight, options] of CASES) {
    const name = `${x.join('×')} by ${weight.join('×')}, ${JSON.stringify(options)}`
    const feeds = {
      x: drawn('x', x),
      weight: drawn('weight', weight),
      bias: drawn('bias', [weight[0]]),
    }
    const values = {
      x: input('x', x),
      weight: input('weight', weight),
      bias: input('bias', [weight[0]]),
    }
    const y = convolution(values.x, values.weight, values.bias, options)
    const compare = async (outputs: Record<string, Value>, given: Tensors, known: Tensors) => {
      const whole = graph(outputs)
      const wanted = await (await referenceEngine.compile(whole)).run({ ...given, ...known })
      const constants = new Map(
        Object.entries(known).map(([name, { data }]) => [name, data as Float32Array]),
      )
      const compiled = await onednnEngine.compile(whole, { threads: 2, constants })
      const got = await compiled.run(given)
      await compiled.dispose()
      for (const [label, tensor] of Object.entries(wanted)) expectClose(label, got[label], tensor)
    }

    for (const [end, of] of Object.entries(ENDS))
      it(`${name}, constant weights, then ${end}`, async () => {
        const { x, ...known } = feeds
        const other = end.startsWith('sum') ? { other: drawn('other', y.shape) } : {}
        await compare({ y: of(y) }, { x, ...other }, known)
      })

    it(`${name}: with its gradients`, async () => {
      const dy = input('dy', y.shape)
      const [dx, dWeight] = gradients(reduceSum(mul(y, dy)), [values.x, values.weight])
      await compare({ y, dx, dWeight }, { ...feeds, dy: drawn('dy', y.shape) }, {})
    })
  }
})
