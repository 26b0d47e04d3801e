/** The weight gradient as one product with all windows of the input, im2col: im2col. */

import { type Shape, sizeOf } from '../../../graph/index.ts'
import type { ConvolutionAttributes } from '../../../ops/convolution.ts'
import type { WeightGradient } from './geometry.ts'
import { channelRows, frame, range } from './layout.ts'

/** For every output pixel and tap, the padded input pixel that is read, row-major. */
const tapIndices = (
  output: Shape,
  kernel: Shape,
  padded: Shape,
  { strides, dilations }: ConvolutionAttributes,
): number[] => {
  const along = (axis: number): number[][] =>
    range(output[axis]).map(position =>
      range(kernel[axis]).map(tap => position * strides[axis] + tap * dilations[axis]),
    )
  const [rows, columns] = [along(0), along(1)]
  return rows.flatMap(taps =>
    columns.flatMap(across => taps.flatMap(row => across.map(column => row * padded[1] + column))),
  )
}

/** One Gather of blocks of C floats from the padded NHWC input, then one product. */
export const im2col: WeightGradient = (emit, { names: [x, dy], inputs, attributes }) => {
  const { pads, weightShape } = attributes
  const [[n, c, h, w], [, outputs, ...output]] = inputs.map(({ shape }) => shape)
  const kernel = weightShape.slice(2)
  const padded = [h + pads[0] + pads[2], w + pads[1] + pads[3]]
  const pixels = emit.node('Reshape', [
    emit.node('Transpose', [frame(emit, x, pads)], { perm: [0, 2, 3, 1] }),
    emit.int64s([n, padded[0] * padded[1], c]),
  ])
  const indices = emit.int64s(tapIndices(output, kernel, padded, attributes))
  const taps = emit.node('Gather', [pixels, indices], { axis: 1 })
  const columns = emit.node('Reshape', [
    taps,
    emit.int64s([n * sizeOf(output), sizeOf(kernel) * c]),
  ])
  const product = emit.node('MatMul', [channelRows(emit, dy, outputs), columns])
  const last = emit.node('Reshape', [product, emit.int64s([outputs, sizeOf(kernel), c])])
  const first = emit.node('Transpose', [last], { perm: [0, 2, 1] })
  return [emit.node('Reshape', [first, emit.int64s(weightShape)])]
}
