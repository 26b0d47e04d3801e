/** Batch normalization, in the layout of its input. */

import { type Shape, sizeOf, type Value } from '../../../graph/index.ts'
import type { Flags } from '../api/index.ts'
import { ARG, BINARY, NORM, PROP } from '../constants.ts'
import type { Descriptor } from '../descriptor.ts'
import type { Plan, Stored } from '../plan.ts'
import type { Lowerings } from './lowering.ts'
import { fuseInto, operand } from './postOps.ts'

const AFFINE: Flags = [NORM.scale, NORM.shift]

/** The primitive takes images: [N, C] is [N, C, 1, 1]. */
const asImages = (shape: Shape): Shape => [...shape, 1, 1, 1, 1].slice(0, Math.max(4, shape.length))

const images = (plan: Plan, x: Value): Stored => {
  const from = plan.native(x)
  return x.shape.length >= 4
    ? from
    : plan.window(plan.rowMajor(x), plan.descriptors.strided(asImages(x.shape)))
}

const forward = (plan: Plan, prop: number, desc: Descriptor, epsilon: number, flags: Flags) =>
  plan.primitive({
    kind: 'batchNormalizationForward',
    values: [prop, desc, epsilon, flags],
  })

/** A result in the images' layout, under the shape of a value. */
const defineLike = (plan: Plan, value: Value, made: Stored): void =>
  plan.define(
    value,
    value.shape.length >= 4 ? made : plan.window(made, plan.descriptors.strided(value.shape)),
  )

/** Makes NaN again what the library's ReLU made 0: the channels whose statistics are not numbers. */
const keepNaN = (plan: Plan, to: Stored, statistics: readonly Stored[]): void => {
  const { dims, block = 1 } = to.desc
  const run = block * sizeOf(dims.slice(2))
  const blocks = Math.ceil(dims[1] / block)
  plan.loop(statistics, [to], (given, [y]) => {
    for (let c = 0; c < dims[1]; c++) {
      if (!given.some(values => Number.isNaN(values[c]))) continue
      for (let start = Math.floor(c / block) * run; start < y.length; start += blocks * run)
        for (let i = c % block; i < run; i += block) y[start + i] = Number.NaN
    }
  })
}

export const normalization = {
  batchNormalization: (
    plan,
    { inputs: [x, scale, bias], outputs: [y, mean, variance], attributes: { epsilon } },
  ) => {
    const from = images(plan, x)
    const fused = plan.relus.forward.get(y)
    const flags = fused === undefined ? AFFINE : [...AFFINE, NORM.fuseRelu]
    const primitive = forward(plan, PROP.training, from.desc, epsilon, flags)
    const needed = primitive.query('workspace')
    const workspace = needed && plan.allocate(needed)
    const to = plan.allocate(from.desc)
    const [toMean, toVariance] = [mean, variance].map(({ shape }) => plan.allocateRowMajor(shape))
    plan.execute(primitive, [
      [ARG.source, from],
      [ARG.scale, plan.rowMajor(scale)],
      [ARG.shift, plan.rowMajor(bias)],
      [ARG.mean, toMean],
      [ARG.variance, toVariance],
      [ARG.workspace, workspace],
      [ARG.result, to],
    ])
    if (fused !== undefined) {
      keepNaN(plan, to, [toMean, toVariance, plan.rowMajor(scale), plan.rowMajor(bias)])
      if (workspace !== undefined) plan.define(fused.workspace, workspace)
    }
    defineLike(plan, fused?.relu ?? y, to)
    plan.define(mean, toMean)
    plan.define(variance, toVariance)
  },
  batchNormalizationGradient: (
    plan,
    {
      inputs: [x, scale, mean, variance, dy],
      outputs: [dx, dScale, dBias],
      attributes: { epsilon },
    },
  ) => {
    const from = images(plan, x)
    const { desc } = from
    const pair = plan.relus.backward.get(dy)
    const fused = pair !== undefined && plan.has(pair.workspace) ? pair : undefined
    const flags = fused === undefined ? AFFINE : [...AFFINE, NORM.fuseRelu]
    const given = fused?.dy ?? dy
    const cotangent =
      given.shape.length >= 4 ? plan.inLayout(given, desc) : plan.window(plan.rowMajor(given), desc)
    const { hint } = forward(plan, PROP.training, desc, epsilon, flags)
    const primitive = plan.primitive({
      kind: 'batchNormalizationBackward',
      values: [PROP.backward, desc, desc, epsilon, flags],
      hint,
    })
    const to = plan.allocate(desc)
    const [toScale, toBias] = [dScale, dBias].map(({ shape }) => plan.allocateRowMajor(shape))
    plan.execute(primitive, [
      [ARG.source, from],
      [ARG.scale, plan.rowMajor(scale)],
      // Some versions count the shift among the inputs, and none reads it.
      [ARG.shift, plan.rowMajor(scale)],
      [ARG.mean, plan.rowMajor(mean)],
      [ARG.variance, plan.rowMajor(variance)],
      [ARG.workspace, fused && plan.native(fused.workspace)],
      [ARG.dResult, cotangent],
      [ARG.dSource, to],
      [ARG.dScale, toScale],
      [ARG.dShift, toBias],
    ])
    defineLike(plan, dx, to)
    plan.define(dScale, toScale)
    plan.define(dBias, toBias)
  },
  batchNormalizationInference: (
    plan,
    { inputs: [x, scale, bias, mean, variance], outputs: [y], attributes: { epsilon } },
  ) => {
    const [slope, shift] = [scale, bias].map(({ shape }) => plan.allocateRowMajor(shape))
    const given = [scale, bias, mean, variance].map(plan.rowMajor)
    plan.loop(given, [slope, shift], ([gamma, beta, mu, sigma2], [toSlope, toShift]) => {
      for (let c = 0; c < gamma.length; c++) {
        toSlope[c] = gamma[c] / Math.sqrt(sigma2[c] + epsilon)
        toShift[c] = beta[c] - mu[c] * toSlope[c]
      }
    })
    const channelwise = [...scale.shape, ...x.shape.slice(2).map(() => 1)]
    fuseInto(plan, x, y, [
      { binary: BINARY.mul, operand: operand(plan, slope, channelwise) },
      { binary: BINARY.add, operand: operand(plan, shift, channelwise) },
    ])
  },
} satisfies Partial<Lowerings>
