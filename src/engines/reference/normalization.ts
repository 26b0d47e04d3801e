/** Normalizations. */

import type { Shape } from '../../graph/index.ts'
import { coordinates, type Kernels, type Numbers } from './kernel.ts'

interface Moments {
  readonly mean: Numbers
  readonly variance: Numbers
}

/** Mean and biased variance of the elements of each group. */
const moments = (x: Numbers, groupOf: (offset: number) => number, groups: number): Moments => {
  const count = x.length / groups
  const mean = new Float64Array(groups)
  const variance = new Float64Array(groups)
  for (const [i, value] of x.entries()) mean[groupOf(i)] += value / count
  for (const [i, value] of x.entries())
    variance[groupOf(i)] += (value - mean[groupOf(i)]) ** 2 / count
  return { mean, variance }
}

const channelOf =
  (shape: Shape) =>
  (offset: number): number =>
    coordinates(offset, shape)[1]

/** Σ of an expression over the elements of each group. */
const sums = (
  length: number,
  groupOf: (offset: number) => number,
  groups: number,
  term: (i: number) => number,
): Numbers => {
  const total = new Float64Array(groups)
  for (let i = 0; i < length; i++) total[groupOf(i)] += term(i)
  return total
}

export const normalization = {
  batchNormalization: ({ inputs: [x, scale, bias], shapes: [shape], attributes: { epsilon } }) => {
    const c = channelOf(shape)
    const { mean, variance } = moments(x, c, shape[1])
    const y = x.map((value, i) => {
      const k = c(i)
      return (scale[k] * (value - mean[k])) / Math.sqrt(variance[k] + epsilon) + bias[k]
    })
    return [y, mean, variance]
  },
  batchNormalizationGradient: ({ inputs, shapes: [shape], attributes: { epsilon } }) => {
    const [x, scale, mean, variance, dy] = inputs
    const [channels, c] = [shape[1], channelOf(shape)]
    const std = variance.map(value => Math.sqrt(value + epsilon))
    const normalized = x.map((value, i) => (value - mean[c(i)]) / std[c(i)])
    const dBias = sums(x.length, c, channels, i => dy[i])
    const dScale = sums(x.length, c, channels, i => dy[i] * normalized[i])
    const count = x.length / channels
    const dx = dy.map((cotangent, i) => {
      const k = c(i)
      const centered = cotangent - dBias[k] / count - (normalized[i] * dScale[k]) / count
      return (scale[k] / std[k]) * centered
    })
    return [dx, dScale, dBias]
  },
  batchNormalizationInference: ({ inputs, shapes: [shape], attributes: { epsilon } }) => {
    const [x, scale, bias, mean, variance] = inputs
    const c = channelOf(shape)
    return [
      x.map((value, i) => {
        const k = c(i)
        return (scale[k] * (value - mean[k])) / Math.sqrt(variance[k] + epsilon) + bias[k]
      }),
    ]
  },
  layerNormalization: ({ inputs: [x, scale, bias], attributes: { epsilon } }) => {
    const features = scale.length
    const row = (offset: number): number => Math.floor(offset / features)
    const { mean, variance } = moments(x, row, x.length / features)
    return [
      x.map((value, i) => {
        const normalized = (value - mean[row(i)]) / Math.sqrt(variance[row(i)] + epsilon)
        return scale[i % features] * normalized + bias[i % features]
      }),
    ]
  },
  layerNormalizationGradient: ({ inputs: [x, scale, dy], attributes: { epsilon } }) => {
    const features = scale.length
    const rows = x.length / features
    const row = (offset: number): number => Math.floor(offset / features)
    const column = (offset: number): number => offset % features
    const { mean, variance } = moments(x, row, rows)
    const std = variance.map(value => Math.sqrt(value + epsilon))
    const normalized = x.map((value, i) => (value - mean[row(i)]) / std[row(i)])
    const g = dy.map((cotangent, i) => cotangent * scale[column(i)])
    const meanG = sums(x.length, row, rows, i => g[i] / features)
    const meanGx = sums(x.length, row, rows, i => (g[i] * normalized[i]) / features)
    return [
      g.map((value, i) => (value - meanG[row(i)] - normalized[i] * meanGx[row(i)]) / std[row(i)]),
      sums(x.length, column, features, i => dy[i] * normalized[i]),
      sums(x.length, column, features, i => dy[i]),
    ]
  },
} satisfies Partial<Kernels>
