/** Reductions and softmax. */

import { type Shape, sizeOf } from '../../graph/index.ts'
import type { AttributesOf } from '../../ops/table.ts'
import { coordinates, fill, type Kernel, type Kernels, type Numbers, offsetOf } from './kernel.ts'

/** The output offset that each input element is reduced into. */
const target = (offset: number, shape: Shape, axes: readonly number[]): number => {
  const kept = shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension))
  return offsetOf(coordinates(offset, shape), kept)
}

const reduction =
  (
    start: number,
    combine: (total: number, x: number) => number,
    finish: (total: number, count: number) => number = total => total,
  ): Kernel<AttributesOf<'reduceSum'>> =>
  ({ inputs: [x], shapes: [shape], outputs: [output], attributes: { axes } }) => {
    const totals = new Float64Array(sizeOf(output.shape)).fill(start)
    for (const [offset, value] of x.entries()) {
      const place = target(offset, shape, axes)
      totals[place] = combine(totals[place], value)
    }
    return [totals.map(total => finish(total, x.length / totals.length))]
  }

/** The numbers along an axis minus the largest of them, and ln Σ eˣ of those, for every element. */
const shifted = (x: Numbers, shape: Shape, axis: number, each: (x: number, ln: number) => number) =>
  fill(shape, (at, offset) => {
    const line = Array.from({ length: shape[axis] }, (_, i) => x[offsetOf(at.with(axis, i), shape)])
    const largest = Math.max(...line)
    const sum = line.reduce((total, value) => total + Math.exp(value - largest), 0)
    return each(x[offset] - largest, Math.log(sum))
  })

export const reductions = {
  allFinite: ({ inputs }) => [Float64Array.of(inputs.every(x => x.every(Number.isFinite)) ? 1 : 0)],
  reduceMax: reduction(Number.NEGATIVE_INFINITY, Math.max),
  reduceMin: reduction(Number.POSITIVE_INFINITY, Math.min),
  reduceSum: reduction(0, (total, x) => total + x),
  reduceMean: reduction(
    0,
    (total, x) => total + x,
    (total, count) => total / count,
  ),
  reduceSumSquare: reduction(0, (total, x) => total + x * x),
  logSoftmax: ({ inputs: [x], shapes: [shape], attributes: { axis } }) => [
    shifted(x, shape, axis, (value, ln) => value - ln),
  ],
  softmax: ({ inputs: [x], shapes: [shape], attributes: { axis } }) => [
    shifted(x, shape, axis, (value, ln) => Math.exp(value - ln)),
  ],
} satisfies Partial<Kernels>
