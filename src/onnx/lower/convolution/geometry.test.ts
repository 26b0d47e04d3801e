/** Every form of a gradient, wherever its rule holds, against the reference: not only where it is chosen. */

import { expect, it } from 'vitest'
import { compileOnnx } from '../../../engines/onnxruntime/engine.ts'
import { referenceEngine } from '../../../engines/reference/engine.ts'
import { graph, input, sizeOf } from '../../../graph/index.ts'
import type { ConvolutionAttributes } from '../../../ops/convolution.ts'
import { convolutionInputGradient, convolutionWeightGradient } from '../../../ops/index.ts'
import { windowOutput } from '../../../ops/window.ts'
import { random } from '../../../random/index.ts'
import { alone } from '../../alone.testing.ts'
import type { Lowering } from '../../emitter.ts'
import { INPUT_GRADIENTS, WEIGHT_GRADIENTS } from './choice.ts'
import { type Geometry, geometryOf } from './geometry.ts'

const refuse = (): never => expect.fail('a geometry that does not fit')

interface Case {
  readonly x: readonly number[]
  readonly weight: readonly number[]
  readonly attributes: ConvolutionAttributes
}

const conv = (
  x: readonly number[],
  weight: readonly number[],
  [stride = 1, padding = 0, dilation = 1, group = 1]: readonly number[] = [],
): Case => ({
  x,
  weight,
  attributes: {
    strides: [stride, stride],
    pads: [padding, padding, padding, padding],
    dilations: [dilation, dilation],
    group,
  },
})

const CASES: readonly Case[] = [
  conv([2, 3, 5, 5], [4, 3, 1, 1]),
  conv([2, 3, 16, 15], [4, 3, 1, 1]),
  conv([2, 3, 6, 7], [4, 3, 1, 1], [2]),
  conv([2, 3, 5, 6], [4, 3, 3, 3], [1, 1]),
  conv([2, 3, 16, 17], [4, 3, 3, 3], [1, 1]),
  conv([1, 3, 4, 4], [2, 3, 3, 3], [1, 3, 3]),
  conv([2, 4, 6, 5], [4, 2, 3, 3], [1, 2, 2, 2]),
  conv([2, 4, 7, 6], [4, 2, 3, 3], [2, 2, 2, 2]),
  conv([2, 4, 7, 6], [4, 2, 3, 3], [2, 1, 1, 2]),
  conv([2, 4, 5, 5], [4, 1, 3, 3], [1, 1, 1, 4]),
  conv([2, 3, 9, 8], [4, 3, 5, 5], [2, 2]),
  conv([2, 3, 5, 5], [4, 3, 3, 3]),
  {
    ...conv([2, 3, 5, 6], [4, 3, 4, 3]),
    attributes: { strides: [1, 1], pads: [1, 0, 2, 2], dilations: [1, 1], group: 1 },
  },
]

/** Of dy. */
const shapeOf = ({ x, weight, attributes }: Case): number[] => [
  x[0],
  weight[0],
  ...windowOutput(x.slice(2), weight.slice(2), attributes, refuse),
]

/** The cases for which a rule holds; at least one. */
const fitting = ({ holds }: { holds(geometry: Geometry): boolean }): Case[] => {
  const found = CASES.filter(one =>
    holds(geometryOf(one.attributes, one.x, one.weight, shapeOf(one))),
  )
  expect(found).not.toEqual([])
  return found
}

/** What a form makes of two inputs, and what the reference does. */
const compare = async (
  lower: Lowering<never>,
  attributes: object,
  shapes: readonly (readonly number[])[],
  reference: (a: ReturnType<typeof input>, b: ReturnType<typeof input>) => ReturnType<typeof input>,
): Promise<void> => {
  const [a, b] = shapes.map((shape, i) => input(`x${i}`, shape))
  const y = reference(a, b)
  const wanted = graph({ y })
  const bytes = alone(lower, attributes, [a, b], y)
  const feeds = Object.fromEntries(
    [a, b].map(({ name = '', shape }) => [
      name,
      {
        shape,
        data: Float32Array.from({ length: sizeOf(shape) }, (_, i) =>
          random(1).fork(name).normal(i),
        ),
      },
    ]),
  )
  const compiled = await compileOnnx(bytes, { inputs: [a, b], outputs: { y } })
  const [{ y: got }, { y: right }] = await Promise.all([
    compiled.run(feeds),
    (await referenceEngine.compile(wanted)).run(feeds),
  ])
  await compiled.dispose()
  expect(got.shape).toEqual(right.shape)
  for (const [i, value] of right.data.entries())
    expect(Math.abs(got.data[i] - value)).toBeLessThan(1e-4 * (1 + Math.abs(value)))
}

it.each(WEIGHT_GRADIENTS)('weight gradient: $name', async ({ form, ...rule }) => {
  for (const one of fitting(rule)) {
    const { x, weight, attributes } = one
    const given = { ...attributes, weightShape: weight }
    await compare(form as Lowering<never>, given, [x, shapeOf(one)], (a, b) =>
      convolutionWeightGradient(a, b, weight, attributes),
    )
  }
})

it.each(INPUT_GRADIENTS)('input gradient: $name', async ({ form, ...rule }) => {
  for (const one of fitting(rule)) {
    const { x, weight, attributes } = one
    const given = { ...attributes, inputShape: x }
    await compare(form as Lowering<never>, given, [weight, shapeOf(one)], (a, b) =>
      convolutionInputGradient(a, b, x, attributes),
    )
  }
})
