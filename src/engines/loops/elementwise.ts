/** Element-wise operations and reductions, block by block: within one each operand runs along or stands still. */

import { type Shape, sizeOf } from '../../graph/index.ts'
import type { AttributesOf } from '../../ops/table.ts'
import { coordinates, type Kernel, offsetOf } from '../reference/kernel.ts'

/** How many of the last axes every operand has as they are, or not at all. */
const blockAxes = (shape: Shape, operands: readonly Shape[]): number => {
  const has = operands.map(own => own.length > 0 && own.at(-1) === shape.at(-1))
  for (let axes = 1; axes <= shape.length; axes++)
    for (const [i, own] of operands.entries()) {
      const mine = own[own.length - axes] ?? 1
      if (mine !== (has[i] ? shape[shape.length - axes] : 1)) return axes - 1
    }
  return shape.length
}

/** Two operands, broadcast to the output. */
export const binary =
  (f: (a: number, b: number) => number): Kernel<object> =>
  ({ inputs: [a, b], shapes, outputs: [{ shape }] }) => {
    const axes = blockAxes(shape, shapes)
    const outer = shape.slice(0, shape.length - axes)
    const block = sizeOf(shape.slice(shape.length - axes))
    const [fromA, fromB] = shapes.map(own => own.slice(0, Math.max(own.length - axes, 0)))
    const [sizeA, sizeB] = shapes.map(own => sizeOf(own.slice(Math.max(own.length - axes, 0))))
    const [stepA, stepB] = [sizeA, sizeB].map(size => (size === 1 ? 0 : 1))
    const y = new Float64Array(sizeOf(shape))
    for (let o = 0; o < y.length / block; o++) {
      const at = coordinates(o, outer)
      let i = offsetOf(at, fromA) * sizeA
      let j = offsetOf(at, fromB) * sizeB
      for (let k = o * block; k < (o + 1) * block; k++, i += stepA, j += stepB) y[k] = f(a[i], b[j])
    }
    return [y]
  }

/** A reduction over the last axes by a loop; over others by the kernel given. */
export const reduction =
  (
    start: number,
    combine: (total: number, x: number) => number,
    otherwise: Kernel<AttributesOf<'reduceSum'>>,
    isMean = false,
  ): Kernel<AttributesOf<'reduceSum'>> =>
  call => {
    const {
      inputs: [x],
      shapes: [shape],
      attributes: { axes },
    } = call
    const first = shape.length - axes.length
    if (![...axes].sort((a, b) => a - b).every((axis, i) => axis === first + i))
      return otherwise(call)
    const block = sizeOf(shape.slice(first))
    const y = new Float64Array(x.length / block)
    for (let o = 0; o < y.length; o++) {
      let total = start
      for (let i = o * block; i < (o + 1) * block; i++) total = combine(total, x[i])
      y[o] = isMean ? total / block : total
    }
    return [y]
  }
