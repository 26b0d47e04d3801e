/** Pooling. */

import { type Shape, sizeOf } from '../../graph/index.ts'
import type { AveragePoolAttributes, PoolingAttributes } from '../../ops/pooling.ts'
import { coordinates, type Kernels, type Numbers, offsetOf, range } from './kernel.ts'

/** The input offsets inside the window of each output pixel, row by row. */
const windowOf = (
  output: number,
  pooled: Shape,
  input: Shape,
  attributes: PoolingAttributes,
): number[] => {
  const { kernelShape, strides, pads, dilations } = attributes
  const [n, c, ...position] = coordinates(output, pooled)
  const [rows, columns] = [0, 1].map(axis =>
    range(kernelShape[axis])
      .map(k => position[axis] * strides[axis] + k * dilations[axis] - pads[axis])
      .filter(p => p >= 0 && p < input[axis + 2]),
  )
  return rows.flatMap(h => columns.map(w => offsetOf([n, c, h, w], input)))
}

/** How many pixels the window's mean is over: with padding, all but what hangs over in ceil mode. */
const countOf = (
  output: number,
  pooled: Shape,
  input: Shape,
  inside: number,
  { kernelShape, strides, pads, countIncludePad }: AveragePoolAttributes,
): number => {
  if (!countIncludePad) return inside
  const position = coordinates(output, pooled).slice(2)
  return [0, 1].reduce((count, axis) => {
    const start = position[axis] * strides[axis] - pads[axis]
    const end = Math.min(start + kernelShape[axis], input[axis + 2] + pads[axis + 2])
    return count * (end - start)
  }, 1)
}

const pooled = (shape: Shape, each: (output: number) => number): Numbers =>
  Float64Array.from({ length: sizeOf(shape) }, (_, output) => each(output))

export const pooling = {
  maxPool: ({ inputs: [x], shapes: [input], outputs: [{ shape }], attributes }) => [
    pooled(shape, output =>
      Math.max(...windowOf(output, shape, input, attributes).map(place => x[place])),
    ),
  ],
  maxPoolGradient: ({ inputs: [x, dy], shapes: [input, output], attributes }) => {
    const dx = new Float64Array(x.length)
    for (const [o, cotangent] of dy.entries()) {
      const window = windowOf(o, output, input, attributes)
      const largest = window.reduce((best, place) => (x[place] > x[best] ? place : best))
      dx[largest] += cotangent
    }
    return [dx]
  },
  averagePool: ({ inputs: [x], shapes: [input], outputs: [{ shape }], attributes }) => [
    pooled(shape, output => {
      const window = windowOf(output, shape, input, attributes)
      const sum = window.reduce((total, place) => total + x[place], 0)
      return sum / countOf(output, shape, input, window.length, attributes)
    }),
  ],
  averagePoolGradient: ({
    inputs: [dy],
    shapes: [shape],
    outputs: [{ shape: input }],
    attributes,
  }) => {
    const dx = new Float64Array(sizeOf(input))
    for (const [o, cotangent] of dy.entries()) {
      const window = windowOf(o, shape, input, attributes)
      const share = cotangent / countOf(o, shape, input, window.length, attributes)
      for (const place of window) dx[place] += share
    }
    return [dx]
  },
} satisfies Partial<Kernels>
