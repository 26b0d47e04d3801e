/** What backbones do with whole images besides convolutions: padding, and means over windows. */

import { sizeOf } from '../../graph/index.ts'
import type { AttributesOf } from '../../ops/table.ts'
import { coordinates, type Kernel, offsetOf } from '../reference/kernel.ts'

/** Copies blocks: the last axes, which are not padded, and the one before them. */
export const pad: Kernel<AttributesOf<'pad'>> = ({
  inputs: [x],
  shapes: [from],
  outputs: [{ shape }],
  attributes: { pads, value },
}) => {
  const rank = shape.length
  const padded = from.findLastIndex((_, axis) => pads[axis] > 0 || pads[axis + rank] > 0)
  const outer = from.slice(0, Math.max(padded, 0))
  const block = sizeOf(from.slice(outer.length))
  const y = new Float64Array(sizeOf(shape)).fill(value)
  const to = shape.slice(0, outer.length + 1)
  const rest = sizeOf(shape.slice(outer.length + 1))
  for (let o = 0; o < x.length / Math.max(block, 1); o++) {
    const at = [...coordinates(o, outer).map((p, axis) => p + pads[axis]), pads[outer.length] ?? 0]
    y.set(x.subarray(o * block, (o + 1) * block), offsetOf(at.slice(0, to.length), to) * rest)
  }
  return [y]
}

/** The mean over each window, of images without padding. */
export const averagePool = (
  otherwise: Kernel<AttributesOf<'averagePool'>>,
): Kernel<AttributesOf<'averagePool'>> => {
  return call => {
    const { inputs, shapes, outputs, attributes } = call
    const { kernelShape, strides, pads, dilations, ceilMode } = attributes
    if (shapes[0].length !== 4 || ceilMode || pads.some(p => p > 0) || dilations.some(d => d > 1))
      return otherwise(call)
    const [[x], [, , high, wide], [, , height, width]] = [inputs, shapes[0], outputs[0].shape]
    const y = new Float64Array(sizeOf(outputs[0].shape))
    const count = kernelShape[0] * kernelShape[1]
    let o = 0
    for (let plane = 0; plane < x.length; plane += high * wide)
      for (let row = 0; row < height; row++)
        for (let column = 0; column < width; column++, o++) {
          const from = plane + row * strides[0] * wide + column * strides[1]
          let sum = 0
          for (let i = 0; i < kernelShape[0]; i++)
            for (let j = 0; j < kernelShape[1]; j++) sum += x[from + i * wide + j]
          y[o] = sum / count
        }
    return [y]
  }
}
