/** The weight gradient tap by tap, group by group: what works for every geometry. */

import { sizeOf } from '../../../graph/index.ts'
import { slice } from '../movement.ts'
import type { WeightGradient } from './geometry.ts'
import { frame, range } from './layout.ts'

/** The shifted input against dy; for a single channel a dot product. */
export const tapwise: WeightGradient = (emit, { names: [x, dy], inputs, attributes }) => {
  const { pads, strides, dilations, group, weightShape } = attributes
  const [[n, c], [, outputs, ...output]] = inputs.map(({ shape }) => shape)
  const [, inner, ...kernel] = weightShape
  const framed = frame(emit, x, pads)
  const depthwise = inner === 1 && outputs === group
  const grouped = (value: string, channels: number): string =>
    emit.node('Reshape', [value, emit.int64s([n, group, channels / group, sizeOf(output)])])
  const cotangent = grouped(dy, outputs)
  const tap = (row: number, column: number): string => {
    const starts = [row * dilations[0], column * dilations[1]]
    const ends = starts.map((start, axis) => start + (output[axis] - 1) * strides[axis] + 1)
    const shifted = grouped(slice(emit, framed, [2, 3], starts, ends, strides), c)
    if (depthwise) {
      const product = emit.node('Mul', [cotangent, shifted])
      const rows = emit.node('ReduceSum', [product, emit.int64s([3])], { keepdims: 1 })
      return emit.node('ReduceSum', [rows, emit.int64s([0])], { keepdims: 0 })
    }
    const turned = emit.node('Transpose', [shifted], { perm: [0, 1, 3, 2] })
    const product = emit.node('MatMul', [cotangent, turned])
    return emit.node('ReduceSum', [product, emit.int64s([0])], { keepdims: 0 })
  }
  const taps = range(kernel[0]).flatMap(row =>
    range(kernel[1]).map(column =>
      emit.node('Reshape', [tap(row, column), emit.int64s([outputs, inner, 1])]),
    ),
  )
  const all = taps.length === 1 ? taps[0] : emit.node('Concat', taps, { axis: 2 })
  return [emit.node('Reshape', [all, emit.int64s(weightShape)])]
}
