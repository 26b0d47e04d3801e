/** Convolutions in their three directions; each chooses the layouts of what it takes and gives. */

import type { Shape, Value } from '../../../graph/index.ts'
import type { ConvolutionAttributes } from '../../../ops/convolution.ts'
import type { Sliding } from '../api/index.ts'
import { ARG, CONVOLUTION, ELTWISE, PROP } from '../constants.ts'
import { type Descriptor, type Descriptors, int64s } from '../descriptor.ts'
import type { Plan, Stored } from '../plan.ts'
import { type Post, RELU } from '../postOp.ts'
import type { PostOperation, Primitive } from '../primitives.ts'
import type { Request } from '../program.ts'
import type { Lowerings } from './lowering.ts'
import { expandWeight, extractWeight, mergedShape, mergeFactor, WIDE } from './mergeGroups.ts'
import { applyPostOps, deferResult, resolvePostOps } from './postOps.ts'
import { winogradPays } from './winograd.ts'

interface Geometry {
  readonly x: Shape
  readonly weight: Shape
  readonly y: Shape
  readonly attributes: ConvolutionAttributes
  /** How many groups of the operation are one here. */
  readonly merged: number
  /** The weights are the same from run to run. */
  readonly constant: boolean
}

const geometryOf = (
  [x, weight, y]: readonly [Value, Value, Value],
  attributes: ConvolutionAttributes,
  constant = false,
): Geometry => {
  const { group } = attributes
  const merged = mergeFactor(weight.shape, group)
  return {
    x: x.shape,
    weight: mergedShape(weight.shape, merged),
    y: y.shape,
    attributes: { ...attributes, group: group / merged },
    merged,
    constant,
  }
}

/** The weight's shape; with groups, their axis stands in front. */
const groupedShape = ({ weight, attributes: { group } }: Geometry): Shape => {
  const [outputs, ...rest] = weight
  return group === 1 ? weight : [group, outputs / group, ...rest]
}

const window = ({ strides, pads, dilations }: ConvolutionAttributes): Sliding => [
  int64s(strides),
  int64s(dilations.map(dilation => dilation - 1)),
  int64s(pads.slice(0, strides.length)),
  int64s(pads.slice(strides.length)),
]

const chosen = (primitive: Primitive, what: Parameters<Primitive['query']>[0]): Descriptor =>
  primitive.query(what) as Descriptor

interface Forward {
  readonly algorithm: number
  readonly biased?: boolean
  readonly result?: Descriptor
  readonly post?: readonly PostOperation[]
}

/**
 * Only for inference does Winograd's algorithm take weights that are transformed already; direct
 * ones would then lay channels innermost, in which all around them is slower.
 */
const purpose = (algorithm: number, constant: boolean): number =>
  constant && algorithm === CONVOLUTION.winograd ? PROP.inference : PROP.training

const forward = (
  { any, strided }: Descriptors,
  geometry: Geometry,
  { algorithm, biased = false, result = any(geometry.y), post = [] }: Forward,
): Request => ({
  kind: 'convolutionForward',
  values: [
    purpose(algorithm, geometry.constant),
    algorithm,
    any(geometry.x),
    any(groupedShape(geometry)),
    biased ? strided([geometry.y[1]]) : undefined,
    result,
    ...window(geometry.attributes),
  ],
  post,
})

/** The direct one, alone: for the layouts that it chooses, and as what backward ones go with. */
const direct = (plan: Plan, geometry: Geometry): Primitive =>
  plan.primitive(forward(plan.descriptors, geometry, { algorithm: CONVOLUTION.direct }))

/** What computes it soonest, of what the library has. */
const soonest = (
  plan: Plan,
  { x, weight, y, attributes, constant }: Geometry,
  request: (algorithm: number) => Request,
): { readonly primitive: Primitive; readonly algorithm: number } => {
  const tried = winogradPays(x, weight, y, attributes, constant)
  const winograd = tried ? plan.tryPrimitive(request(CONVOLUTION.winograd)) : undefined
  return winograd === undefined
    ? { primitive: plan.primitive(request(CONVOLUTION.direct)), algorithm: CONVOLUTION.direct }
    : { primitive: winograd, algorithm: CONVOLUTION.winograd }
}

/** Whether its result lies as those of dense ones do. */
const isWide = ({ weight, attributes }: Geometry): boolean =>
  attributes.group === 1 || weight[1] % WIDE === 0

/** The first of these, as the convolution's primitive does them in its own pass; Winograd's knows ReLU alone, and keeps NaN. */
const own = (algorithm: number, posts: readonly Post[], geometry: Geometry): readonly Post[] => {
  if (!isWide(geometry)) return []
  if (algorithm === CONVOLUTION.direct) return posts
  return posts[0] === RELU ? [{ algorithm: ELTWISE.relu }] : []
}

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
const widely = (plan: Plan, made: Stored, geometry: Geometry): Stored => {
  const { dims } = made.desc
  if (isWide(geometry) || dims.length !== 4) return made
  const weight = [dims[1], dims[1], 1, 1]
  const dense = { x: dims, weight, y: dims, attributes: POINTWISE, merged: 1, constant: false }
  return plan.reorder(made, chosen(direct(plan, dense), 'result'))
}

/** A weight in the layout of its primitive. */
const weightIn = (plan: Plan, weight: Value, geometry: Geometry, desc: Descriptor): Stored => {
  if (geometry.attributes.group === 1) return plan.inLayout(weight, desc)
  const from = expandWeight(plan, plan.rowMajor(weight), weight.shape, geometry.merged)
  const shaped = plan.window(from, plan.descriptors.strided(groupedShape(geometry)))
  return plan.reorder(shaped, desc)
}

/** The weight's gradient out of the layout of its primitive. */
const weightOutOf = (plan: Plan, made: Stored, { shape }: Value, geometry: Geometry): Stored => {
  if (geometry.attributes.group === 1) return made
  const { strided } = plan.descriptors
  const plain = plan.reorder(made, strided(groupedShape(geometry)))
  return extractWeight(plan, plan.window(plain, strided(geometry.weight)), shape, geometry.merged)
}

export const convolution = {
  convolution: (plan, { inputs: [x, weight, bias], outputs: [y], attributes }) => {
    const geometry = geometryOf([x, weight, y], attributes, plan.isConstant(weight))
    deferResult(plan, y, posts => {
      const biased = bias !== undefined
      const request = (algorithm: number, more: Partial<Forward> = {}): Request =>
        forward(plan.descriptors, geometry, { algorithm, biased, ...more })
      const { primitive: alone, algorithm } = soonest(plan, geometry, request)
      const desc = chosen(alone, 'result')
      const fused = own(algorithm, posts, geometry)
      const { post, given } = resolvePostOps(fused, desc)
      const primitive =
        fused.length === 0 ? alone : plan.primitive(request(algorithm, { result: desc, post }))
      const to = plan.allocate(desc)
      plan.execute(primitive, [
        [ARG.source, plan.inLayout(x, chosen(primitive, 'source'))],
        [ARG.weights, weightIn(plan, weight, geometry, chosen(primitive, 'weights'))],
        [ARG.bias, bias && plan.rowMajor(bias)],
        ...given(primitive),
        [ARG.result, to],
      ])
      return applyPostOps(plan, widely(plan, to, geometry), posts.slice(fused.length))
    })
  },
  convolutionInputGradient: (plan, { inputs: [weight, dy], outputs: [dx], attributes }) => {
    const { any } = plan.descriptors
    const geometry = geometryOf([dx, weight, dy], attributes)
    const { hint } = direct(plan, geometry)
    const { primitive } = soonest(plan, geometry, algorithm => ({
      kind: 'convolutionBackwardData',
      values: [
        algorithm,
        any(dx.shape),
        any(groupedShape(geometry)),
        any(dy.shape),
        ...window(geometry.attributes),
      ],
      hint,
    }))
    const to = plan.allocate(chosen(primitive, 'dSource'))
    plan.execute(primitive, [
      [ARG.weights, weightIn(plan, weight, geometry, chosen(primitive, 'weights'))],
      [ARG.dResult, plan.inLayout(dy, chosen(primitive, 'dResult'))],
      [ARG.dSource, to],
    ])
    plan.define(dx, widely(plan, to, geometry))
  },
  convolutionWeightGradient: (plan, { inputs: [x, dy], outputs: [dw], attributes }) => {
    const { any } = plan.descriptors
    const geometry = geometryOf([x, dw, dy], attributes)
    const { hint } = direct(plan, geometry)
    const { primitive } = soonest(plan, geometry, algorithm => ({
      kind: 'convolutionBackwardWeights',
      values: [
        algorithm,
        any(x.shape),
        any(groupedShape(geometry)),
        undefined,
        any(dy.shape),
        ...window(geometry.attributes),
      ],
      hint,
    }))
    const to = plan.allocate(chosen(primitive, 'dWeights'))
    plan.execute(primitive, [
      [ARG.source, plan.inLayout(x, chosen(primitive, 'source'))],
      [ARG.dResult, plan.inLayout(dy, chosen(primitive, 'dResult'))],
      [ARG.dWeights, to],
    ])
    plan.define(dw, weightOutOf(plan, to, dw, geometry))
  },
} satisfies Partial<Lowerings>
