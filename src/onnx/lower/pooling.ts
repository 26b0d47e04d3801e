/** Pooling and its gradients. */

import type { Shape } from '../../graph/index.ts'
import type { PoolingAttributes } from '../../ops/pooling.ts'
import { endPads, windowCounts } from '../../ops/poolingWindows.ts'
import type { Emitter, Lowerings } from '../emitter.ts'
import type { OnnxAttribute } from '../model.ts'
import { dilate } from './convolution/dilate.ts'

/** Padding at the end is explicit in place of ceil mode, whose rounding differs between runtimes. */
const window = (
  attributes: PoolingAttributes,
  input: Shape,
  output: Shape,
): Record<string, OnnxAttribute> => ({
  kernel_shape: attributes.kernelShape,
  strides: attributes.strides,
  pads: [...attributes.pads.slice(0, 2), ...endPads(attributes, input, output)],
})

/** Multiplies [N, C, H, W] by one factor a pixel. */
const scaleMap = (
  emit: Emitter,
  x: string,
  factors: readonly number[],
  [, , h, w]: Shape,
): string => emit.node('Mul', [x, emit.floats(factors, [1, 1, h, w])])

export const pooling = {
  maxPool: (emit, { names, inputs: [{ shape }], outputs, attributes }) => [
    emit.node('MaxPool', names, {
      ...window(attributes, shape, outputs[0].shape),
      dilations: attributes.dilations,
    }),
  ],
  maxPoolGradient: (emit, { names: [x, dy], inputs, attributes }) => {
    const [{ shape }, { shape: pooled }] = inputs
    const [, indices] = emit.nodes('MaxPool', [x], 2, {
      ...window(attributes, shape, pooled),
      dilations: attributes.dilations,
    })
    const flat = emit.int64s([-1])
    const size = shape.reduce((product, dimension) => product * dimension, 1)
    const zeros = emit.node('Expand', [emit.floats([0], []), emit.int64s([size])])
    const sum = emit.node(
      'ScatterElements',
      [zeros, emit.node('Reshape', [indices, flat]), emit.node('Reshape', [dy, flat])],
      { axis: 0, reduction: 'add' },
    )
    return [emit.node('Reshape', [sum, emit.int64s(shape)])]
  },
  averagePool: (emit, { names, inputs: [{ shape }], outputs, attributes }) => {
    const pooled = outputs[0].shape
    const y = emit.node('AveragePool', names, {
      ...window(attributes, shape, pooled),
      count_include_pad: 1,
    })
    const [height, width] = attributes.kernelShape
    const counted = windowCounts(attributes, shape, pooled)
    if (counted === undefined) return [y]
    return [
      scaleMap(
        emit,
        y,
        counted.map(count => (height * width) / count),
        pooled,
      ),
    ]
  },
  averagePoolGradient: (emit, { names: [dy], inputs: [{ shape: pooled }], attributes }) => {
    const { inputShape, kernelShape, strides, pads } = attributes
    const [height, width] = kernelShape
    const counted = windowCounts(attributes, inputShape, pooled)
    const shares = (counted ?? [height * width]).map(count => 1 / count)
    const share = counted
      ? scaleMap(emit, dy, shares, pooled)
      : emit.node('Mul', [dy, emit.floats(shares, [])])
    if (height === 1 && width === 1 && pads.every(size => size === 0))
      return [dilate(emit, share, pooled, inputShape, strides)]
    // Every window adds its share to all of its pixels: a transposed convolution with ones.
    const [, channels, ...spatial] = inputShape
    const [, , ...windows] = pooled
    const ends = endPads(attributes, inputShape, pooled)
    const outputPadding = spatial.map(
      (size, axis) =>
        size - ((windows[axis] - 1) * strides[axis] + kernelShape[axis] - pads[axis] - ends[axis]),
    )
    const ones = emit.node('Expand', [
      emit.floats([1], []),
      emit.int64s([channels, 1, height, width]),
    ])
    return [
      emit.node('ConvTranspose', [share, ones], {
        kernel_shape: kernelShape,
        strides,
        pads: [...pads.slice(0, 2), ...ends],
        output_padding: outputPadding,
        group: channels,
      }),
    ]
  },
} satisfies Partial<Lowerings>
