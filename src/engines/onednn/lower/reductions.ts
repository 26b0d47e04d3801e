/** Reductions: sums over space by pooling, over axes that follow each other by a loop, over others by the primitive. */

import { sizeOf, type Value } from '../../../graph/index.ts'
import type { AttributesOf } from '../../../ops/table.ts'
import { ARG, ELTWISE, PROP, REDUCTION } from '../constants.ts'
import { unit } from '../descriptor.ts'
import type { Plan, Stored } from '../plan.ts'
import type { Lowering, Lowerings } from './lowering.ts'
import { spatialMean } from './pooling.ts'
import { eltwise } from './postOps.ts'

type Kind = keyof typeof REDUCTION

const square = (plan: Plan, from: Stored): Stored =>
  eltwise(plan, from, { algorithm: ELTWISE.square })

/** Over some axes, by the primitive. */
const reduced = (plan: Plan, kind: Kind, from: Stored, axes: readonly number[]): Stored => {
  const { dims } = from.desc
  const shape = dims.map((size, axis) => (axes.includes(axis) ? 1 : size))
  const to = plan.allocateRowMajor(shape)
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

const sumOf = (x: Float32Array): number => {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]
  return sum
}

/** Four sums at a time, so that none waits for the addition before it: gradients are long. */
const sumOfSquares = (x: Float32Array): number => {
  let [a, b, c, d] = [0, 0, 0, 0]
  const whole = x.length & ~3
  for (let i = 0; i < whole; i += 4) {
    a += x[i] * x[i]
    b += x[i + 1] * x[i + 1]
    c += x[i + 2] * x[i + 2]
    d += x[i + 3] * x[i + 3]
  }
  for (let i = whole; i < x.length; i++) a += x[i] * x[i]
  return a + b + (c + d)
}

/** Over everything: sums in double precision, in one fixed order. */
const total = (plan: Plan, kind: 'reduceSum' | 'reduceMean' | 'reduceSumSquare', x: Value) => {
  const to = plan.allocateRowMajor([])
  const count = sizeOf(x.shape)
  plan.loop([plan.rowMajor(x)], [to], ([from], [target]) => {
    const sum = kind === 'reduceSumSquare' ? sumOfSquares(from) : sumOf(from)
    target[0] = kind === 'reduceMean' ? sum / count : sum
  })
  return to
}

const combine: Readonly<Record<Kind, (sum: number, value: number) => number>> = {
  reduceMax: Math.max,
  reduceMin: Math.min,
  reduceSum: (sum, value) => sum + value,
  reduceMean: (sum, value) => sum + value,
  reduceSumSquare: (sum, value) => sum + value * value,
}

/** Over axes that follow each other, in double precision: ten times as fast as the primitive. */
const looped = (plan: Plan, kind: Kind, x: Stored, axes: readonly number[]): Stored => {
  const { dims } = x.desc
  const [first, last] = [axes[0], axes[axes.length - 1]]
  const outer = sizeOf(dims.slice(0, first))
  const reduced = sizeOf(dims.slice(first, last + 1))
  const inner = sizeOf(dims.slice(last + 1))
  const to = plan.allocateRowMajor(dims.map((size, axis) => (axes.includes(axis) ? 1 : size)))
  const next = combine[kind]
  const divisor = kind === 'reduceMean' ? reduced : 1
  const start = kind === 'reduceMax' ? -Infinity : kind === 'reduceMin' ? Infinity : 0
  plan.loop([x], [to], ([from], [target]) => {
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        let result = start
        for (let r = 0, at = o * reduced * inner + i; r < reduced; r++, at += inner)
          result = next(result, from[at])
        target[o * inner + i] = result / divisor
      }
  })
  return to
}

const follow = (axes: readonly number[]): boolean =>
  axes.every((axis, i) => i === 0 || axis === axes[i - 1] + 1)

const isSum = (kind: Kind): kind is 'reduceSum' | 'reduceMean' | 'reduceSumSquare' =>
  kind !== 'reduceMax' && kind !== 'reduceMin'

const reduction =
  (kind: Kind): Lowering<AttributesOf<'reduceSum'>> =>
  (plan, { inputs: [x], outputs: [y], attributes: { axes } }) => {
    const reshaped = (made: Stored): void =>
      plan.define(y, plan.window(made, plan.descriptors.strided(y.shape)))
    const real = axes.filter(axis => x.shape[axis] !== 1)
    if (real.length === 0) {
      if (kind !== 'reduceSumSquare') return plan.alias(y, x)
      return plan.define(y, plan.window(square(plan, plan.rowMajor(x)), unitOf(plan, y)))
    }
    if (isSum(kind) && sizeOf(y.shape) === 1) return reshaped(total(plan, kind, x))
    const spatial = x.shape.length === 4 && axes.includes(2) && axes.includes(3)
    if (!spatial || !isSum(kind)) {
      const sorted = real.toSorted((a, b) => a - b)
      if (follow(sorted)) return reshaped(looped(plan, kind, plan.rowMajor(x), sorted))
      // The primitive passes over NaN.
      if (!isSum(kind))
        return reshaped(
          sorted.reduce((from, axis) => looped(plan, kind, from, [axis]), plan.rowMajor(x)),
        )
      return reshaped(reduced(plan, kind, plan.native(x), real))
    }
    const squares = kind === 'reduceSumSquare' ? square(plan, plan.native(x)) : plan.native(x)
    const mean = spatialMean(plan, squares)
    const area = x.shape[2] * x.shape[3]
    const scaled =
      kind === 'reduceMean' ? mean : eltwise(plan, mean, { algorithm: ELTWISE.linear, alpha: area })
    const over = real.filter(axis => axis < 2)
    if (over.length > 0)
      return reshaped(
        reduced(plan, kind === 'reduceMean' ? 'reduceMean' : 'reduceSum', scaled, over),
      )
    reshaped(plan.reorder(scaled, plan.descriptors.strided(scaled.desc.dims)))
  }

const unitOf = (plan: Plan, { shape }: Value) => plan.descriptors.strided(unit(shape))

const softmax =
  (kind: 'softmaxForward' | 'logSoftmaxForward'): Lowering<AttributesOf<'softmax'>> =>
  (plan, { inputs: [x], outputs: [y], attributes: { axis } }) => {
    const from = plan.native(x)
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
