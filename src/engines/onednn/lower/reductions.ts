/** Reductions: pooling over space, one loop over everything, the primitive for the rest. */

import { sizeOf, type Value } from '../../../graph/index.ts'
import type { AttributesOf } from '../../../ops/table.ts'
import { ARG, ELTWISE, PROP, REDUCTION } from '../constants.ts'
import { unit } from '../descriptor.ts'
import type { Plan, Stored } from '../plan.ts'
import { eltwise } from './chain.ts'
import type { Lowering, Lowerings } from './lowering.ts'
import { spatialMean } from './pooling.ts'

type Kind = keyof typeof REDUCTION

const square = (plan: Plan, from: Stored): Stored =>
  eltwise(plan, from, { algorithm: ELTWISE.square })

/** Over some axes, by the primitive. */
const reduced = (plan: Plan, kind: Kind, from: Stored, axes: readonly number[]): Stored => {
  const { dims } = from.desc
  const shape = dims.map((size, axis) => (axes.includes(axis) ? 1 : size))
  const to = plan.plainly(shape)
  const power = kind === 'reduceSumSquare' ? 2 : 0
  const primitive = plan.primitive({
    kind: 'reduction',
    values: [REDUCTION[kind], from.desc, to.desc, power, 0],
  })
  plan.execute(primitive, [
    [ARG.source, from],
    [ARG.result, to],
  ])
  return to
}

/** Over everything: one sum in double precision, in one fixed order. */
const total = (plan: Plan, kind: 'reduceSum' | 'reduceMean' | 'reduceSumSquare', x: Value) => {
  const to = plan.plainly([])
  const count = sizeOf(x.shape)
  plan.loop([plan.plain(x)], [to], ([from], target) => {
    let sum = 0
    if (kind === 'reduceSumSquare') for (let i = 0; i < count; i++) sum += from[i] * from[i]
    else for (let i = 0; i < count; i++) sum += from[i]
    target[0][0] = kind === 'reduceMean' ? sum / count : sum
  })
  return to
}

const isSum = (kind: Kind): kind is 'reduceSum' | 'reduceMean' | 'reduceSumSquare' =>
  kind !== 'reduceMax' && kind !== 'reduceMin'

const reduction =
  (kind: Kind): Lowering<AttributesOf<'reduceSum'>> =>
  (plan, { inputs: [x], outputs: [y], attributes: { axes } }) => {
    const reshaped = (made: Stored): void =>
      plan.define(y, plan.window(made, plan.descriptors.strided(y.shape)))
    const real = axes.filter(axis => x.shape[axis] !== 1)
    if (real.length === 0) {
      if (kind !== 'reduceSumSquare') return plan.same(y, x)
      return plan.define(y, plan.window(square(plan, plan.plain(x)), unitOf(plan, y)))
    }
    if (isSum(kind) && sizeOf(y.shape) === 1) return reshaped(total(plan, kind, x))
    const spatial = x.shape.length === 4 && axes.includes(2) && axes.includes(3)
    if (!spatial || !isSum(kind)) return reshaped(reduced(plan, kind, plan.natural(x), real))
    const squares = kind === 'reduceSumSquare' ? square(plan, plan.natural(x)) : plan.natural(x)
    const mean = spatialMean(plan, squares)
    const area = x.shape[2] * x.shape[3]
    const scaled =
      kind === 'reduceMean' ? mean : eltwise(plan, mean, { algorithm: ELTWISE.linear, alpha: area })
    const over = real.filter(axis => axis < 2)
    if (over.length > 0)
      return reshaped(
        reduced(plan, kind === 'reduceMean' ? 'reduceMean' : 'reduceSum', scaled, over),
      )
    const plain = plan.plainly(scaled.desc.dims)
    if (scaled.desc.plain) return reshaped(scaled)
    plan.copy(scaled, plain)
    reshaped(plain)
  }

const unitOf = (plan: Plan, { shape }: Value) => plan.descriptors.strided(unit(shape))

const softmax =
  (kind: 'softmaxForward' | 'logSoftmaxForward'): Lowering<AttributesOf<'softmax'>> =>
  (plan, { inputs: [x], outputs: [y], attributes: { axis } }) => {
    const from = plan.natural(x)
    const primitive = plan.primitive({ kind, values: [PROP.inference, from.desc, axis] })
    const to = plan.allocate(from.desc)
    plan.execute(primitive, [
      [ARG.source, from],
      [ARG.result, to],
    ])
    plan.define(y, to)
  }

export const reductions = {
  reduceMax: reduction('reduceMax'),
  reduceMin: reduction('reduceMin'),
  reduceSum: reduction('reduceSum'),
  reduceMean: reduction('reduceMean'),
  reduceSumSquare: reduction('reduceSumSquare'),
  logSoftmax: softmax('logSoftmaxForward'),
  softmax: softmax('softmaxForward'),
} satisfies Partial<Lowerings>
