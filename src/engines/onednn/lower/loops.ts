/** Operations without a primitive that does them right, as loops over the arena's arrays. */

import { type Shape, sameShape, sizeOf, type Value } from '../../../graph/index.ts'
import { rowMajorStrides, unit } from '../descriptor.ts'
import type { Plan, Stored } from '../plan.ts'
import { type Lowering, type Lowerings, widened } from './lowering.ts'

/** The same bits as whole numbers. */
export const ints = (floats: Float32Array): Int32Array =>
  new Int32Array(floats.buffer, floats.byteOffset, floats.length)

/** Copies a tensor along the axes that it stretches over. */
export const stretch = (plan: Plan, x: Value, shape: Shape): Stored => {
  const to = plan.allocateRowMajor(shape)
  const full = unit(shape)
  const from = widened(x.shape, full.length)
  const strides = rowMajorStrides(from).map((stride, axis) => (from[axis] === 1 ? 0 : stride))
  const moving = strides.findLastIndex((stride, axis) => stride !== 0 && full[axis] > 1)
  // The axes at the end that stretch are one run of one number; without such, the last is a row.
  const repeats = moving < full.length - 1
  const rows = repeats ? full.slice(0, moving + 1) : full.slice(0, -1)
  const inner = sizeOf(full) / sizeOf(rows)
  plan.loop([plan.rowMajor(x)], [to], ([source], [target]) => {
    const at = new Int32Array(rows.length)
    let base = 0
    for (let start = 0; start < target.length; start += inner) {
      if (repeats) target.fill(source[base], start, start + inner)
      else target.set(source.subarray(base, base + inner), start)
      for (let axis = rows.length - 1; axis >= 0; axis--) {
        base += strides[axis]
        if (++at[axis] < rows[axis]) break
        base -= strides[axis] * rows[axis]
        at[axis] = 0
      }
    }
  })
  return to
}

const BYTES = 4

type Elements = readonly Float32Array[]

/**
 * An element-wise operation in the layout of its first full operand. Each operand is full, or one
 * number, whose step is 0; others are stretched before.
 */
const elementwise =
  <Attributes>(
    run: (
      y: Float32Array,
      operands: Elements,
      steps: readonly number[],
      attributes: Attributes,
    ) => void,
  ): Lowering<Attributes> =>
  (plan, { inputs, outputs: [y], attributes }) => {
    const isFull = ({ shape }: Value): boolean => sameShape(shape, y.shape)
    const full = inputs.find(isFull)
    const natural = full && plan.native(full).desc
    // Where a layout has padding, that must stay zero.
    const dense = natural?.size === BYTES * sizeOf(y.shape)
    const desc = dense ? natural : plan.descriptors.strided(y.shape)
    const stored = inputs.map(x => {
      if (isFull(x)) return plan.inLayout(x, desc)
      return sizeOf(x.shape) === 1
        ? plan.rowMajor(x)
        : plan.reorder(stretch(plan, x, y.shape), desc)
    })
    const steps = inputs.map(x => (sizeOf(x.shape) === 1 ? 0 : 1))
    const to = plan.allocate(desc)
    plan.loop(stored, [to], (from, [target]) => run(target, from, steps, attributes))
    plan.define(y, to)
  }

/** Sizes before an axis, of the axis, and after it. */
const around = (shape: Shape, axis: number): [number, number, number] => [
  sizeOf(shape.slice(0, axis)),
  shape[axis],
  sizeOf(shape.slice(axis + 1)),
]

/** Mean and 1 / √(variance + ε) of a row. */
const rowMoments = (row: Float32Array, epsilon: number): [number, number] => {
  let [sum, squares] = [0, 0]
  for (const value of row) sum += value
  const mean = sum / row.length
  for (const value of row) squares += (value - mean) ** 2
  return [mean, 1 / Math.sqrt(squares / row.length + epsilon)]
}

export const loops = {
  cast: (plan, { inputs: [x], outputs: [y] }) => {
    if (x.dtype !== 'int32' && y.dtype !== 'int32') return plan.alias(y, x)
    const to = plan.allocateRowMajor(y.shape, y.dtype)
    plan.loop([plan.rowMajor(x)], [to], ([from], [target]) => {
      if (y.dtype === 'int32') ints(target).set(from)
      else target.set(ints(from))
    })
    plan.define(y, to)
  },
  // The library's makes a bound of NaN, here and in hardSigmoid.
  clip: elementwise((y, [x], _, { min, max }) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.min(Math.max(x[i], min), max)
  }),
  // The library's says that NaN is greater than any number.
  greater: elementwise((y, [a, b], [stepA, stepB]) => {
    for (let i = 0; i < y.length; i++) y[i] = a[i * stepA] > b[i * stepB] ? 1 : 0
  }),
  gather: (plan, { inputs: [x, indices], outputs: [y], attributes: { axis } }) => {
    const [outer, size, inner] = around(x.shape, axis)
    const to = plan.allocateRowMajor(y.shape, y.dtype)
    plan.loop([plan.rowMajor(x), plan.rowMajor(indices)], [to], ([from, picked], [target]) => {
      // By ints: as floats some of their bits would be NaN, which copying may change.
      const [places, x, y] = [picked, from, target].map(ints)
      for (let o = 0, at = 0; o < outer; o++)
        for (const place of places) {
          const start = (o * size + place) * inner
          for (let i = start; i < start + inner; i++) y[at++] = x[i]
        }
    })
    plan.define(y, to)
  },
  gatherGradient: (plan, { inputs: [indices, dy], outputs: [dx], attributes: { axis } }) => {
    const [outer, size, inner] = around(dx.shape, axis)
    const to = plan.allocateRowMajor(dx.shape)
    plan.loop([plan.rowMajor(indices), plan.rowMajor(dy)], [to], ([picked, from], [target]) => {
      const places = ints(picked)
      target.fill(0)
      for (let o = 0, at = 0; o < outer; o++)
        for (const place of places) {
          const start = (o * size + place) * inner
          for (let i = start; i < start + inner; i++) target[i] += from[at++]
        }
    })
    plan.define(dx, to)
  },
  hardSigmoid: elementwise((y, [x], _, { alpha, beta }) => {
    const [slope, shift] = [Math.fround(alpha), Math.fround(beta)]
    for (let i = 0; i < y.length; i++) y[i] = Math.min(Math.max(slope * x[i] + shift, 0), 1)
  }),
  // The library's pass over NaN on one side.
  maximum: elementwise((y, [a, b], [stepA, stepB]) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.max(a[i * stepA], b[i * stepB])
  }),
  minimum: elementwise((y, [a, b], [stepA, stepB]) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.min(a[i * stepA], b[i * stepB])
  }),
  oneHot: (plan, { inputs: [labels], outputs: [y], attributes: { depth } }) => {
    const to = plan.allocateRowMajor(y.shape)
    plan.loop([plan.rowMajor(labels)], [to], ([from], [target]) => {
      target.fill(0)
      for (const [i, label] of ints(from).entries())
        if (label >= 0 && label < depth) target[i * depth + label] = 1
    })
    plan.define(y, to)
  },
  layerNormalization: (
    plan,
    { inputs: [x, scale, bias], outputs: [y], attributes: { epsilon } },
  ) => {
    const [features] = scale.shape
    const to = plan.allocateRowMajor(y.shape)
    plan.loop([x, scale, bias].map(plan.rowMajor), [to], ([from, gamma, beta], [target]) => {
      for (let start = 0; start < from.length; start += features) {
        const [mean, inverse] = rowMoments(from.subarray(start, start + features), epsilon)
        for (let i = 0; i < features; i++)
          target[start + i] = gamma[i] * (from[start + i] - mean) * inverse + beta[i]
      }
    })
    plan.define(y, to)
  },
  // With x̂ = (x − μ)/σ and g = γ·dy: dx = (g − mean(g) − x̂·mean(g·x̂))/σ, row by row.
  layerNormalizationGradient: (
    plan,
    { inputs: [x, scale, dy], outputs: [dx, dScale, dBias], attributes: { epsilon } },
  ) => {
    const [features] = scale.shape
    const results = [dx, dScale, dBias].map(({ shape }) => plan.allocateRowMajor(shape))
    const sums = new Float64Array(2 * features)
    plan.loop([x, scale, dy].map(plan.rowMajor), results, ([from, gamma, cotangent], to) => {
      sums.fill(0)
      for (let start = 0; start < from.length; start += features) {
        const [mean, inverse] = rowMoments(from.subarray(start, start + features), epsilon)
        let [sumG, sumGx] = [0, 0]
        for (let i = 0; i < features; i++) {
          const normalized = (from[start + i] - mean) * inverse
          const slope = cotangent[start + i]
          sums[i] += slope * normalized
          sums[features + i] += slope
          sumG += slope * gamma[i]
          sumGx += slope * gamma[i] * normalized
        }
        for (let i = 0; i < features; i++) {
          const normalized = (from[start + i] - mean) * inverse
          const centered = cotangent[start + i] * gamma[i] - sumG / features
          to[0][start + i] = (centered - (normalized * sumGx) / features) * inverse
        }
      }
      to[1].set(sums.subarray(0, features))
      to[2].set(sums.subarray(features))
    })
    for (const [i, value] of [dx, dScale, dBias].entries()) plan.define(value, results[i])
  },
  sign: elementwise((y, [x]) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.sign(x[i])
  }),
  where: elementwise((y, [condition, a, b], [step, stepA, stepB]) => {
    for (let i = 0; i < y.length; i++)
      y[i] = condition[i * step] === 0 ? b[i * stepB] : a[i * stepA]
  }),
} satisfies Partial<Lowerings>
