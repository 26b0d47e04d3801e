/** Convolutions in their three directions; each chooses the layouts of what it takes and gives. */

import type { Shape } from '../../../graph/index.ts'
import type { ConvolutionAttributes } from '../../../ops/convolution.ts'
import type { Sliding } from '../api/index.ts'
import { ARG, CONVOLUTION_DIRECT, PROP } from '../constants.ts'
import { type Descriptor, int64s } from '../descriptor.ts'
import type { Plan, Stored } from '../plan.ts'
import type { PostOperation, Primitive } from '../primitives.ts'
import { applied, begin, resolve } from './chain.ts'
import type { Lowerings } from './lowering.ts'

interface Geometry {
  readonly x: Shape
  readonly weight: Shape
  readonly y: Shape
  readonly attributes: ConvolutionAttributes
}

/** With groups, their axis stands in front. */
const grouped = ([outputs, ...rest]: Shape, { group }: ConvolutionAttributes): Shape =>
  group === 1 ? [outputs, ...rest] : [group, outputs / group, ...rest]

const window = ({ strides, pads, dilations }: ConvolutionAttributes): Sliding => [
  int64s(strides),
  int64s(dilations.map(dilation => dilation - 1)),
  int64s(pads.slice(0, strides.length)),
  int64s(pads.slice(strides.length)),
]

const chosen = (primitive: Primitive, what: Parameters<Primitive['query']>[0]): Descriptor =>
  primitive.query(what) as Descriptor

const forward = (
  { primitive, descriptors: { any, strided } }: Plan,
  { x, weight, y, attributes }: Geometry,
  bias: boolean,
  result = any(y),
  post: readonly PostOperation[] = [],
): Primitive =>
  primitive({
    kind: 'convolutionForward',
    values: [
      PROP.training,
      CONVOLUTION_DIRECT,
      any(x),
      any(grouped(weight, attributes)),
      bias ? strided([y[1]]) : undefined,
      result,
      ...window(attributes),
    ],
    post,
  })

const POINTWISE: ConvolutionAttributes = {
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  group: 1,
}

/**
 * Groups of few channels choose narrow blocks, for which the library has no fast kernel but the
 * convolution's own: a result goes on in the blocks that dense convolutions choose.
 */
const widely = (plan: Plan, made: Stored, { group }: ConvolutionAttributes): Stored => {
  const { dims } = made.desc
  if (group === 1 || dims.length !== 4) return made
  const weight = [dims[1], dims[1], 1, 1]
  const geometry = { x: dims, weight, y: dims, attributes: POINTWISE }
  return plan.brought(made, chosen(forward(plan, geometry, false), 'result'))
}

/** A weight's memory under the shape that has the groups in front. */
const weightIn = (
  plan: Plan,
  weight: Parameters<Plan['natural']>[0],
  attributes: ConvolutionAttributes,
  desc: Descriptor,
): Stored => {
  if (attributes.group === 1) return plan.in(weight, desc)
  const { strided } = plan.descriptors
  const from = plan.window(plan.plain(weight), strided(grouped(weight.shape, attributes)))
  return plan.brought(from, desc)
}

export const convolution = {
  convolution: (plan, { inputs: [x, weight, bias], outputs: [y], attributes }) => {
    const geometry = { x: x.shape, weight: weight.shape, y: y.shape, attributes }
    begin(plan, y, posts => {
      const biased = bias !== undefined
      const alone = forward(plan, geometry, biased)
      const desc = chosen(alone, 'result')
      const takes = attributes.group === 1 ? posts : []
      const { post, given } = resolve(takes, desc)
      const primitive = takes.length === 0 ? alone : forward(plan, geometry, biased, desc, post)
      const to = plan.allocate(desc)
      plan.execute(primitive, [
        [ARG.source, plan.in(x, chosen(primitive, 'source'))],
        [ARG.weights, weightIn(plan, weight, attributes, chosen(primitive, 'weights'))],
        [ARG.bias, bias && plan.plain(bias)],
        ...given(primitive),
        [ARG.result, to],
      ])
      return attributes.group === 1 ? to : applied(plan, widely(plan, to, attributes), posts)
    })
  },
  convolutionInputGradient: (plan, { inputs: [weight, dy], outputs: [dx], attributes }) => {
    const { any } = plan.descriptors
    const geometry = { x: dx.shape, weight: weight.shape, y: dy.shape, attributes }
    const { hint } = forward(plan, geometry, false)
    const primitive = plan.primitive({
      kind: 'convolutionBackwardData',
      values: [
        CONVOLUTION_DIRECT,
        any(dx.shape),
        any(grouped(weight.shape, attributes)),
        any(dy.shape),
        ...window(attributes),
      ],
      hint,
    })
    const to = plan.allocate(chosen(primitive, 'dSource'))
    plan.execute(primitive, [
      [ARG.weights, weightIn(plan, weight, attributes, chosen(primitive, 'weights'))],
      [ARG.dResult, plan.in(dy, chosen(primitive, 'dResult'))],
      [ARG.dSource, to],
    ])
    plan.define(dx, widely(plan, to, attributes))
  },
  convolutionWeightGradient: (plan, { inputs: [x, dy], outputs: [dw], attributes }) => {
    const { any, strided } = plan.descriptors
    const geometry = { x: x.shape, weight: dw.shape, y: dy.shape, attributes }
    const { hint } = forward(plan, geometry, false)
    const shape = grouped(dw.shape, attributes)
    const primitive = plan.primitive({
      kind: 'convolutionBackwardWeights',
      values: [
        CONVOLUTION_DIRECT,
        any(x.shape),
        any(shape),
        undefined,
        any(dy.shape),
        ...window(attributes),
      ],
      hint,
    })
    const to = plan.allocate(chosen(primitive, 'dWeights'))
    plan.execute(primitive, [
      [ARG.source, plan.in(x, chosen(primitive, 'source'))],
      [ARG.dResult, plan.in(dy, chosen(primitive, 'dResult'))],
      [ARG.dWeights, to],
    ])
    if (attributes.group === 1) return plan.define(dw, to)
    plan.define(dw, plan.window(plan.brought(to, strided(shape)), strided(dw.shape)))
  },
} satisfies Partial<Lowerings>
