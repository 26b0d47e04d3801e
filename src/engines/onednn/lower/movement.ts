/** Operations that move elements: reorders between strided descriptors, and windows that copy nothing. */

import { type Shape, sizeOf } from '../../../graph/index.ts'
import { ARG, PROP, RESAMPLING_NEAREST } from '../constants.ts'
import { rowMajorStrides } from '../descriptor.ts'
import type { Lowerings } from './lowering.ts'

const BYTES = 4

/** Where a block that begins at these coordinates lies, in bytes. */
const offsetOf = (starts: readonly number[], shape: Shape): number =>
  BYTES * rowMajorStrides(shape).reduce((sum, stride, axis) => sum + stride * starts[axis], 0)

const startingAt = (shape: Shape, axis: number, start: number): number[] =>
  shape.map((_, i) => (i === axis ? start : 0))

/** Where each piece begins. */
const startsOf = (sizes: readonly number[]): number[] => {
  let sum = 0
  return sizes.map(size => {
    sum += size
    return sum - size
  })
}

export const movement = {
  allReduce: (plan, { inputs, outputs }) => {
    // In place where nobody else reads what is given.
    const values = inputs.map(x => {
      if (plan.soleReader(x) !== undefined) return plan.exclusiveCopy(x)
      const to = plan.allocateRowMajor(x.shape)
      plan.copy(plan.rowMajor(x), to)
      return to
    })
    plan.exchange(values)
    for (const [i, y] of outputs.entries()) plan.define(y, values[i])
  },
  concat: (plan, { inputs, outputs: [y], attributes: { axis } }) => {
    const to = plan.allocateRowMajor(y.shape, y.dtype)
    const starts = startsOf(inputs.map(({ shape }) => shape[axis]))
    const whole = sizeOf(y.shape.slice(0, axis)) === 1
    for (const [i, input] of inputs.entries()) {
      // A piece without gaps may come in any shape, so straight from the layout that it was made in.
      const from = whole ? plan.origin(input) : input
      const { shape } = from
      const desc = plan.descriptors.strided(
        shape,
        whole ? undefined : rowMajorStrides(y.shape),
        input.dtype,
      )
      const offset = offsetOf(startingAt(y.shape, axis, starts[i]), y.shape)
      plan.copy(plan.native(from), plan.window(to, desc, offset))
    }
    plan.define(y, to)
  },
  pad: (plan, { inputs: [x], outputs: [y], attributes: { pads, value } }) => {
    const to = plan.allocateRowMajor(y.shape)
    plan.loop([], [to], (_, [target]) => {
      target.fill(value)
    })
    const inner = plan.descriptors.strided(x.shape, rowMajorStrides(y.shape))
    plan.copy(plan.native(x), plan.window(to, inner, offsetOf(pads, y.shape)))
    plan.define(y, to)
  },
  reshape: (plan, { inputs: [x], outputs: [y] }) => plan.alias(y, x),
  slice: (plan, { inputs: [x], outputs: [y], attributes: { starts } }) => {
    const block = plan.descriptors.strided(y.shape, rowMajorStrides(x.shape), y.dtype)
    const to = plan.allocateRowMajor(y.shape, y.dtype)
    plan.copy(plan.window(plan.rowMajor(x), block, offsetOf(starts, x.shape)), to)
    plan.define(y, to)
  },
  split: (plan, { inputs: [x], outputs, attributes: { sizes, axis } }) => {
    const whole = sizeOf(x.shape.slice(0, axis)) === 1
    for (const [i, start] of startsOf(sizes).entries()) {
      const { shape, dtype } = outputs[i]
      const strides = whole ? undefined : rowMajorStrides(x.shape)
      const desc = plan.descriptors.strided(shape, strides, dtype)
      const offset = offsetOf(startingAt(x.shape, axis, start), x.shape)
      const piece = plan.window(plan.rowMajor(x), desc, offset)
      if (whole) {
        plan.define(outputs[i], piece)
        continue
      }
      const to = plan.allocateRowMajor(shape, dtype)
      plan.copy(piece, to)
      plan.define(outputs[i], to)
    }
  },
  transpose: (plan, { inputs: [x], outputs: [y], attributes: { perm } }) => {
    if (perm.length === 0) return plan.alias(y, x)
    const strides = rowMajorStrides(x.shape)
    const permuted = plan.descriptors.strided(
      y.shape,
      perm.map(axis => strides[axis]),
      y.dtype,
    )
    const to = plan.allocateRowMajor(y.shape, y.dtype)
    plan.copy(plan.window(plan.rowMajor(x), permuted), to)
    plan.define(y, to)
  },
  upsampleNearest: (plan, { inputs: [x], outputs: [y] }) => {
    const from = plan.native(x)
    const primitive = plan.primitive({
      kind: 'resamplingForward',
      values: [PROP.inference, RESAMPLING_NEAREST, null, from.desc, plan.descriptors.any(y.shape)],
    })
    const to = plan.allocate(primitive.query('result') ?? plan.descriptors.strided(y.shape))
    plan.execute(primitive, [
      [ARG.source, from],
      [ARG.result, to],
    ])
    plan.define(y, to)
  },
} satisfies Partial<Lowerings>
