/** Pooling, forward and backward. */

import type { Node, Shape } from '../../../graph/index.ts'
import type { AveragePoolAttributes, PoolingAttributes } from '../../../ops/pooling.ts'
import type { Pooling } from '../api/index.ts'
import { ARG, POOLING, PROP } from '../constants.ts'
import { type Descriptor, int64s } from '../descriptor.ts'
import type { Plan, Stored } from '../plan.ts'
import type { Primitive } from '../primitives.ts'
import { averagePoolGradientLoop, averagePoolLoop, byReference } from './loops.ts'
import type { Lowerings } from './lowering.ts'

/** The padding at the ends that the output size implies: in ceil mode a window may hang over. */
const endsOf = (input: Shape, output: Shape, attributes: PoolingAttributes): number[] => {
  const { kernelShape, strides, pads, dilations } = attributes
  return kernelShape.map((kernel, axis) => {
    const extent = dilations[axis] * (kernel - 1) + 1
    const reach = (output[axis + 2] - 1) * strides[axis] + extent
    return Math.max(pads[axis + 2], reach - input[axis + 2] - pads[axis])
  })
}

const windowOf = (input: Shape, output: Shape, attributes: PoolingAttributes): Pooling => [
  int64s(attributes.strides),
  int64s(attributes.kernelShape),
  int64s(attributes.dilations.map(dilation => dilation - 1)),
  int64s(attributes.pads.slice(0, 2)),
  int64s(endsOf(input, output, attributes)),
]

const forward = (
  plan: Plan,
  algorithm: number,
  from: Descriptor,
  output: Shape,
  attributes: PoolingAttributes,
): Primitive =>
  plan.primitive({
    kind: 'poolingForward',
    values: [
      PROP.training,
      algorithm,
      from,
      plan.descriptors.any(output),
      ...windowOf(from.dims, output, attributes),
    ],
  })

const backward = (
  plan: Plan,
  { hint }: Primitive,
  algorithm: number,
  [dx, dy]: readonly [Descriptor, Descriptor],
  attributes: PoolingAttributes,
): Primitive =>
  plan.primitive({
    kind: 'poolingBackward',
    values: [algorithm, dx, dy, ...windowOf(dx.dims, dy.dims, attributes)],
    hint,
  })

interface Pooled {
  readonly primitive: Primitive
  readonly from: Stored
  readonly to: Stored
  readonly workspace?: Stored
}

const pool = (
  plan: Plan,
  algorithm: number,
  from: Stored,
  output: Shape,
  attributes: PoolingAttributes,
): Pooled => {
  const primitive = forward(plan, algorithm, from.desc, output, attributes)
  const to = plan.allocate(primitive.query('result') as Descriptor)
  const needed = primitive.query('workspace')
  const workspace = needed && plan.allocate(needed)
  plan.execute(primitive, [
    [ARG.source, from],
    [ARG.result, to],
    [ARG.workspace, workspace],
  ])
  return { primitive, from, to, ...(workspace === undefined ? {} : { workspace }) }
}

const averaging = ({ countIncludePad }: AveragePoolAttributes): number =>
  countIncludePad ? POOLING.averageWithPadding : POOLING.average

/** Whether what hangs over would count as padding there, which it does not here. */
const overhangs = (input: Shape, output: Shape, attributes: AveragePoolAttributes): boolean =>
  attributes.countIncludePad &&
  endsOf(input, output, attributes).some((end, axis) => end !== attributes.pads[axis + 2])

/** The mean over space of [N, C, H, W], as [N, C, 1, 1]. */
export const spatialMean = (plan: Plan, from: Stored): Stored =>
  pool(plan, POOLING.average, from, [...from.desc.dims.slice(0, 2), 1, 1], {
    kernelShape: from.desc.dims.slice(2),
    strides: [1, 1],
    pads: [0, 0, 0, 0],
    dilations: [1, 1],
    ceilMode: false,
  }).to

/** What forward max pooling has kept for its gradient, by input and window. */
const kept = new WeakMap<Plan, Map<Node['inputs'][number], Map<string, Pooled>>>()

const maxPooled = (
  plan: Plan,
  x: Node['inputs'][number],
  output: Shape,
  attributes: PoolingAttributes,
): Pooled => {
  const byInput = kept.get(plan) ?? new Map<Node['inputs'][number], Map<string, Pooled>>()
  kept.set(plan, byInput)
  const byWindow = byInput.get(x) ?? new Map<string, Pooled>()
  byInput.set(x, byWindow)
  const key = JSON.stringify(attributes)
  const known = byWindow.get(key)
  if (known !== undefined) return known
  const made = pool(plan, POOLING.max, plan.natural(x), output, attributes)
  byWindow.set(key, made)
  return made
}

export const pooling = {
  averagePool: (plan, call) => {
    const { inputs, outputs, attributes } = call
    if (overhangs(inputs[0].shape, outputs[0].shape, attributes))
      return byReference<AveragePoolAttributes>(averagePoolLoop)(plan, call)
    const from = plan.natural(inputs[0])
    plan.define(
      outputs[0],
      pool(plan, averaging(attributes), from, outputs[0].shape, attributes).to,
    )
  },
  averagePoolGradient: (plan, call) => {
    const {
      inputs: [dy],
      outputs: [dx],
      attributes,
    } = call
    if (overhangs(dx.shape, dy.shape, attributes))
      return byReference<typeof attributes>(averagePoolGradientLoop)(plan, call)
    const algorithm = averaging(attributes)
    const from = plan.natural(dy)
    const to = plan.descriptors.any(dx.shape)
    const hint = forward(plan, algorithm, plan.descriptors.strided(dx.shape), dy.shape, attributes)
    const primitive = backward(plan, hint, algorithm, [to, from.desc], attributes)
    const made = plan.allocate(primitive.query('dSource') as Descriptor)
    plan.execute(primitive, [
      [ARG.dResult, from],
      [ARG.dSource, made],
    ])
    plan.define(dx, made)
  },
  maxPool: (plan, { inputs: [x], outputs: [y], attributes }) =>
    plan.define(y, maxPooled(plan, x, y.shape, attributes).to),
  maxPoolGradient: (plan, { inputs: [x, dy], outputs: [dx], attributes }) => {
    const pooled = maxPooled(plan, x, dy.shape, attributes)
    const descs = [pooled.from.desc, pooled.to.desc] as const
    const primitive = backward(plan, pooled.primitive, POOLING.max, descs, attributes)
    const made = plan.allocate(pooled.from.desc)
    plan.execute(primitive, [
      [ARG.dResult, plan.in(dy, pooled.to.desc)],
      [ARG.workspace, pooled.workspace],
      [ARG.dSource, made],
    ])
    plan.define(dx, made)
  },
} satisfies Partial<Lowerings>
