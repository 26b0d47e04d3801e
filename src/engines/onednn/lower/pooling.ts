/** Pooling, forward and backward. */

import { type Shape, sizeOf, type Value } from '../../../graph/index.ts'
import type { AveragePoolAttributes, PoolingAttributes } from '../../../ops/pooling.ts'
import { endPads, windowCounts } from '../../../ops/poolingWindows.ts'
import type { Pooling } from '../api/index.ts'
import { ARG, POOLING, PROP } from '../constants.ts'
import { type Descriptor, int64s } from '../descriptor.ts'
import type { Plan, Stored } from '../plan.ts'
import type { Primitive } from '../primitives.ts'
import type { Lowerings } from './lowering.ts'

const windowOf = (input: Shape, output: Shape, attributes: PoolingAttributes): Pooling => [
  int64s(attributes.strides),
  int64s(attributes.kernelShape),
  int64s(attributes.dilations.map(dilation => dilation - 1)),
  int64s(attributes.pads.slice(0, 2)),
  int64s(endPads(attributes, input, output)),
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

/**
 * What each mean of `averageWithPadding` is to be multiplied by, [1, 1, H, W], where windows hang
 * over: what hangs over counts as padding there, and not here.
 */
const correction = (attributes: AveragePoolAttributes, input: Shape, output: Shape) => {
  const { countIncludePad, kernelShape, pads } = attributes
  const ends = endPads(attributes, input, output)
  if (!countIncludePad || ends.every((end, axis) => end === pads[axis + 2])) return undefined
  const counts = windowCounts(attributes, input, output)
  return counts?.map(count => sizeOf(kernelShape) / count)
}

/** Multiplies images by one factor a pixel. */
const scaleMap = (plan: Plan, from: Stored, factors: readonly number[]): Stored => {
  const plain = plan.reorder(from, plan.descriptors.strided(from.desc.dims))
  const to = plan.allocate(plain.desc)
  plan.loop([plain], [to], ([x], [y]) => {
    for (let i = 0; i < y.length; i++) y[i] = x[i] * factors[i % factors.length]
  })
  return to
}

/** The mean over space of [N, C, H, W], as [N, C, 1, 1]. */
export const spatialMean = (plan: Plan, from: Stored): Stored =>
  pool(plan, POOLING.average, from, [...from.desc.dims.slice(0, 2), 1, 1], {
    kernelShape: from.desc.dims.slice(2),
    strides: [1, 1],
    pads: [0, 0, 0, 0],
    dilations: [1, 1],
    ceilMode: false,
  }).to

/** What the library's max pooling begins with, and so gives for a window of −Infinity alone. */
const LOWEST = Math.fround(-3.4028234663852886e38)

/**
 * Max pooling that keeps NaN and −Infinity. The library's passes over both, so a mean of the same
 * windows tells where NaN is (or where Infinity and −Infinity meet in a window), and −Infinity.
 */
const largest = (plan: Plan, x: Value, output: Shape, attributes: PoolingAttributes): Pooled => {
  const from = plan.native(x)
  const pooled = pool(plan, POOLING.max, from, output, attributes)
  const means = plan.reorder(
    pool(plan, POOLING.average, from, output, attributes).to,
    pooled.to.desc,
  )
  plan.loop([means], [pooled.to], ([mean], [y]) => {
    for (let i = 0; i < y.length; i++)
      if (!(mean[i] > Number.NEGATIVE_INFINITY))
        if (Number.isNaN(mean[i])) y[i] = Number.NaN
        else if (y[i] === LOWEST) y[i] = Number.NEGATIVE_INFINITY
  })
  return pooled
}

/** Forward max pooling, once for its own sake and for its gradient's, which needs the workspace. */
const maxPooled = (plan: Plan, x: Value, output: Shape, attributes: PoolingAttributes): Pooled =>
  plan.once(x, JSON.stringify(attributes), () => largest(plan, x, output, attributes))

export const pooling = {
  averagePool: (plan, { inputs: [x], outputs: [y], attributes }) => {
    const { to } = pool(plan, averaging(attributes), plan.native(x), y.shape, attributes)
    const factors = correction(attributes, x.shape, y.shape)
    plan.define(y, factors === undefined ? to : scaleMap(plan, to, factors))
  },
  averagePoolGradient: (plan, { inputs: [dy], outputs: [dx], attributes }) => {
    const algorithm = averaging(attributes)
    const factors = correction(attributes, dx.shape, dy.shape)
    const given = plan.native(dy)
    const from = factors === undefined ? given : scaleMap(plan, given, factors)
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
      [ARG.dResult, plan.inLayout(dy, pooled.to.desc)],
      [ARG.workspace, pooled.workspace],
      [ARG.dSource, made],
    ])
    plan.define(dx, made)
  },
} satisfies Partial<Lowerings>
