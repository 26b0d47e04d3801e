/** Input gradients of convolutions: as convolutions of the cotangent, or as ONNX's transposed ones. */

import type { Shape } from '../../../graph/index.ts'
import type { Emitter } from '../../emitter.ts'
import { dilate } from './dilate.ts'
import { type InputGradient, reachOf } from './geometry.ts'
import { isOne, range, reorderTaps, subsampled } from './layout.ts'

/** [O, C/g, …] → [C, O/g, …], the kernel flippedKernelConv around: the weight of the transposed convolution. */
const transposedWeight = (emit: Emitter, weight: string, shape: Shape, group: number): string => {
  const [outputs, channels, ...kernel] = shape
  const taps = kernel.reduce((product, size) => product * size, 1)
  const grouped =
    group === 1
      ? weight
      : emit.node('Reshape', [weight, emit.int64s([group, outputs / group, channels, ...kernel])])
  const axes = group === 1 ? [1, 0] : [0, 2, 1]
  const swapped = emit.node('Transpose', [grouped], {
    perm: [...axes, ...kernel.map((_, axis) => axes.length + axis)],
  })
  const goal = emit.int64s([group * channels, outputs / group, ...kernel])
  if (kernel.every(isOne)) return group === 1 ? swapped : emit.node('Reshape', [swapped, goal])
  const rows = emit.node('Reshape', [swapped, emit.int64s([-1, taps])])
  return emit.node('Reshape', [reorderTaps(emit, rows, range(taps).reverse()), goal])
}

/** For stride 1: a convolution of dy with the transposed, turned weight. */
export const flippedKernelConv: InputGradient = (
  emit,
  { names: [weight, dy], inputs, attributes },
) => {
  const { group, dilations, pads } = attributes
  const { shape } = inputs[0]
  const kernel = shape.slice(2)
  const reach = reachOf({ kernel, dilations })
  return [
    emit.node('Conv', [dy, transposedWeight(emit, weight, shape, group)], {
      kernel_shape: kernel,
      strides: kernel.map(() => 1),
      pads: pads.map((size, i) => reach[i % kernel.length] - size),
      dilations,
      group,
    }),
  ]
}

/** A stride that every tap and pad is a multiple of reads every stride-th pixel only: the rest gets zero. */
export const dilatedConv: InputGradient = (emit, call) => {
  const { attributes } = call
  const { strides, pads, dilations, inputShape } = attributes
  const inner = subsampled(inputShape, strides)
  const small = flippedKernelConv(emit, {
    ...call,
    attributes: {
      ...attributes,
      strides: strides.map(() => 1),
      pads: pads.map((size, i) => size / strides[i % strides.length]),
      dilations: dilations.map((size, axis) => Math.max(1, Math.floor(size / strides[axis]))),
      inputShape: inner,
    },
  })
  return [dilate(emit, small[0], inner, inputShape, strides)]
}

/** What works for every geometry. */
export const transposed: InputGradient = (emit, { names: [weight, dy], inputs, attributes }) => {
  const { strides, pads, dilations, group, inputShape } = attributes
  const [{ shape }, { shape: from }] = inputs
  const kernel = shape.slice(2)
  const reach = reachOf({ kernel, dilations })
  const outputPadding = kernel.map((_, axis) => {
    const reached = (from[axis + 2] - 1) * strides[axis] + reach[axis] + 1
    return inputShape[axis + 2] - (reached - pads[axis] - pads[axis + kernel.length])
  })
  return [
    emit.node('ConvTranspose', [dy, weight], {
      kernel_shape: kernel,
      strides,
      pads,
      dilations,
      group,
      output_padding: outputPadding,
    }),
  ]
}
