/**
 * Convolution and its two gradients. ONNX has no operator for the gradients, so each takes the form
 * that was measured fastest for its shape; the rules stand in one place, at the end.
 */

import { type Shape, sizeOf } from '../../../graph/index.ts'
import type { ConvolutionAttributes } from '../../../ops/convolution.ts'
import type { AttributesOf } from '../../../ops/table.ts'
import type { Emitter, Lowering, Lowerings } from '../emitter.ts'
import type { OnnxAttribute } from '../model.ts'
import { pad, slice } from './movement.ts'

const window = (
  { strides, pads, dilations, group }: ConvolutionAttributes,
  kernel: Shape,
): Record<string, OnnxAttribute> => ({ kernel_shape: kernel, strides, pads, dilations, group })

const range = (count: number): number[] => [...Array(count).keys()]
const isOne = (value: number): boolean => value === 1
const isZero = (value: number): boolean => value === 0

/** Spreads the pixels of [N, C, …] by the strides, zeros between and after them, to a shape. */
export const zeroInsert = (
  emit: Emitter,
  x: string,
  from: Shape,
  to: Shape,
  strides: readonly number[],
): string => {
  if (strides.every(isOne)) return x
  const [n, c, ...spatial] = from
  const lead = [0, 0]
  const apart = emit.node('Reshape', [
    x,
    emit.int64s([...lead, ...spatial.flatMap(size => [size, 1])]),
  ])
  const pads = [0, 0, ...strides.flatMap(stride => [0, stride - 1])]
  const padded = pad(emit, apart, [...pads.map(() => 0), ...pads])
  const long = spatial.map((size, axis) => size * strides[axis])
  const spread = emit.node('Reshape', [padded, emit.int64s([n, c, ...long])])
  const axes = range(spatial.length)
  const surplus = axes.map(axis => to[axis + 2] - long[axis])
  const cut = surplus.every(size => size >= 0)
    ? spread
    : slice(
        emit,
        spread,
        axes.map(axis => axis + 2),
        axes.map(() => 0),
        to.slice(2).map((size, axis) => Math.min(size, long[axis])),
      )
  const missing = surplus.map(size => Math.max(size, 0))
  return missing.every(isZero)
    ? cut
    : pad(emit, cut, [0, 0, ...axes.map(() => 0), 0, 0, ...missing])
}

type InputGradient = Lowering<AttributesOf<'convolutionInputGradient'>>
type WeightGradient = Lowering<AttributesOf<'convolutionWeightGradient'>>

/** [O, C/g, …] → [C, O/g, …], the kernel turned around: the weight of the transposed convolution. */
const transposedWeight = (emit: Emitter, weight: string, shape: Shape, group: number): string => {
  const [outputs, channels, ...kernel] = shape
  const axes = range(kernel.length)
  const swap =
    group === 1
      ? emit.node('Transpose', [weight], { perm: [1, 0, ...axes.map(axis => axis + 2)] })
      : emit.node('Reshape', [
          emit.node(
            'Transpose',
            [
              emit.node('Reshape', [
                weight,
                emit.int64s([group, outputs / group, channels, ...kernel]),
              ]),
            ],
            { perm: [0, 2, 1, ...axes.map(axis => axis + 3)] },
          ),
          emit.int64s([group * channels, outputs / group, ...kernel]),
        ])
  if (kernel.every(isOne)) return swap
  return slice(
    emit,
    swap,
    axes.map(axis => axis + 2),
    axes.map(() => -1),
    axes.map(() => -(2 ** 31)),
    axes.map(() => -1),
  )
}

/** A stride-1 convolution of dy with the transposed, turned weight. */
const asConvolution: InputGradient = (emit, { names: [weight, dy], inputs, attributes }) => {
  const { group, dilations, pads } = attributes
  const { shape } = inputs[0]
  const kernel = shape.slice(2)
  const reach = kernel.map((size, axis) => dilations[axis] * (size - 1))
  const turned = transposedWeight(emit, weight, shape, group)
  return [
    emit.node('Conv', [dy, turned], {
      kernel_shape: kernel,
      strides: kernel.map(() => 1),
      pads: pads.map((size, i) => reach[i % kernel.length] - size),
      dilations,
      group,
    }),
  ]
}

/** A 1×1 convolution with a stride reads every stride-th pixel only: the others get zero. */
const pointwiseStrided: InputGradient = (emit, { names: [weight, dy], inputs, attributes }) => {
  const { group, strides, inputShape } = attributes
  const [{ shape }, { shape: from }] = inputs
  const kernel = shape.slice(2)
  const turned = transposedWeight(emit, weight, shape, group)
  const small = emit.node('Conv', [dy, turned], { kernel_shape: kernel, group })
  const channels = [from[0], inputShape[1], ...from.slice(2)]
  return [zeroInsert(emit, small, channels, inputShape, strides)]
}

const asTransposed: InputGradient = (emit, { names: [weight, dy], inputs, attributes }) => {
  const { strides, pads, dilations, inputShape } = attributes
  const [{ shape }, { shape: from }] = inputs
  const kernel = shape.slice(2)
  const outputPadding = kernel.map((size, axis) => {
    const reached = (from[axis + 2] - 1) * strides[axis] + dilations[axis] * (size - 1) + 1
    return inputShape[axis + 2] - (reached - pads[axis] - pads[axis + kernel.length])
  })
  return [
    emit.node('ConvTranspose', [dy, weight], {
      ...window(attributes, kernel),
      output_padding: outputPadding,
    }),
  ]
}

/** [N, C, …] → [N, C, pixels] */
const flat = (emit: Emitter, x: string): string =>
  emit.node('Reshape', [x, emit.int64s([0, 0, -1])])

/** Every stride-th pixel. */
const strided = (emit: Emitter, x: string, input: Shape, strides: readonly number[]): string => {
  if (strides.every(isOne)) return x
  const axes = range(strides.length).map(axis => axis + 2)
  return slice(
    emit,
    x,
    axes,
    axes.map(() => 0),
    input.slice(2),
    strides,
  )
}

/** 1×1: dy·xᵀ picture by picture, then the sum over pictures. */
const pointwiseBatched: WeightGradient = (
  emit,
  { names: [x, dy], inputs: [{ shape }], attributes },
) => {
  const columns = flat(emit, strided(emit, x, shape, attributes.strides))
  const turned = emit.node('Transpose', [columns], { perm: [0, 2, 1] })
  const products = emit.node('MatMul', [flat(emit, dy), turned])
  const sum = emit.node('ReduceSum', [products, emit.int64s([0])], { keepdims: 0 })
  return [emit.node('Reshape', [sum, emit.int64s(attributes.weightShape)])]
}

/** [N, C, …] → [C, N·pixels] */
const channelRows = (emit: Emitter, x: string, channels: number): string => {
  const rows = emit.node('Transpose', [flat(emit, x)], { perm: [1, 0, 2] })
  return emit.node('Reshape', [rows, emit.int64s([channels, -1])])
}

/** 1×1 on small maps: one product over all pictures at once. */
const pointwiseWhole: WeightGradient = (
  emit,
  { names: [x, dy], inputs: [{ shape }], attributes },
) => {
  const { weightShape, strides } = attributes
  const [outputs, channels] = weightShape
  const columns = flat(emit, strided(emit, x, shape, strides))
  const turned = emit.node('Transpose', [columns], { perm: [0, 2, 1] })
  const rows = emit.node('Reshape', [turned, emit.int64s([-1, channels])])
  const product = emit.node('MatMul', [channelRows(emit, dy, outputs), rows])
  return [emit.node('Reshape', [product, emit.int64s(weightShape)])]
}

/** For every output pixel and tap, the padded input pixel that is read, row-major. */
const tapIndices = (
  output: Shape,
  kernel: Shape,
  padded: Shape,
  attributes: ConvolutionAttributes,
): number[] => {
  const { strides, dilations } = attributes
  const along = (axis: number): number[][] =>
    range(output[axis]).map(position =>
      range(kernel[axis]).map(tap => position * strides[axis] + tap * dilations[axis]),
    )
  const [rows, columns] = [along(0), along(1)]
  return rows.flatMap(taps =>
    columns.flatMap(across => taps.flatMap(row => across.map(column => row * padded[1] + column))),
  )
}

/** im2col by one Gather of C-float blocks from the padded NHWC input, then one product. */
const gathered: WeightGradient = (emit, { names: [x, dy], inputs, attributes }) => {
  const { pads, weightShape } = attributes
  const [[n, c, h, w], [, outputs, ...output]] = inputs.map(({ shape }) => shape)
  const kernel = weightShape.slice(2)
  const padded = [h + pads[0] + pads[2], w + pads[1] + pads[3]]
  const framed = pads.every(isZero)
    ? x
    : pad(emit, x, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]])
  const pixels = emit.node('Reshape', [
    emit.node('Transpose', [framed], { perm: [0, 2, 3, 1] }),
    emit.int64s([n, padded[0] * padded[1], c]),
  ])
  const indices = emit.int64s(tapIndices(output, kernel, padded, attributes))
  const taps = emit.node('Gather', [pixels, indices], { axis: 1 })
  const columns = emit.node('Reshape', [
    taps,
    emit.int64s([n * sizeOf(output), sizeOf(kernel) * c]),
  ])
  const product = emit.node('MatMul', [channelRows(emit, dy, outputs), columns])
  const last = emit.node('Reshape', [product, emit.int64s([outputs, ...kernel, c])])
  return [emit.node('Transpose', [last], { perm: [0, 3, 1, 2] })]
}

/** Tap by tap: the shifted input against dy, group by group; for a single channel a dot product. */
const tapwise: WeightGradient = (emit, { names: [x, dy], inputs, attributes }) => {
  const { pads, strides, dilations, group, weightShape } = attributes
  const [[n, c], [, outputs, ...output]] = inputs.map(({ shape }) => shape)
  const [, inner, ...kernel] = weightShape
  const framed = pads.every(isZero)
    ? x
    : pad(emit, x, [0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3]])
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

/** The same over one spatial axis: as over two, the first of size one. */
const overTwoAxes =
  (lower: WeightGradient): WeightGradient =>
  (emit, { names, inputs, outputs, attributes }) => {
    const { strides, pads, dilations, weightShape } = attributes
    if (strides.length === 2) return lower(emit, { names, inputs, outputs, attributes })
    const widen = (shape: Shape): Shape => shape.toSpliced(2, 0, 1)
    const [dw] = lower(emit, {
      names: names.map((name, i) =>
        emit.node('Reshape', [name, emit.int64s(widen(inputs[i].shape))]),
      ),
      inputs: inputs.map(value => ({ ...value, shape: widen(value.shape) })),
      outputs,
      attributes: {
        ...attributes,
        strides: [1, ...strides],
        pads: [0, pads[0], 0, pads[1]],
        dilations: [1, ...dilations],
        weightShape: widen(weightShape),
      },
    })
    return [emit.node('Reshape', [dw, emit.int64s(weightShape)])]
  }

/** Below this many output pixels, one whole product beats one a picture. */
const SMALL_MAP = 400

const chooseInputGradient = (
  { strides, pads, dilations }: ConvolutionAttributes,
  kernel: Shape,
): InputGradient => {
  const pointwise = kernel.every(isOne) && pads.every(isZero)
  const inside = pads.every(
    (size, i) => size <= dilations[i % kernel.length] * (kernel[i % kernel.length] - 1),
  )
  if (strides.every(isOne) && inside) return asConvolution
  return pointwise ? pointwiseStrided : asTransposed
}

const chooseWeightGradient = (
  { group, pads }: ConvolutionAttributes,
  kernel: Shape,
  pixels: number,
): WeightGradient => {
  if (group > 1) return tapwise
  if (kernel.every(isOne) && pads.every(isZero))
    return pixels < SMALL_MAP ? pointwiseWhole : pointwiseBatched
  return gathered
}

export const convolution = {
  convolution: (emit, { names, inputs, attributes }) => [
    emit.node('Conv', names, window(attributes, inputs[1].shape.slice(2))),
  ],
  convolutionInputGradient: (emit, call) =>
    chooseInputGradient(call.attributes, call.inputs[0].shape.slice(2))(emit, call),
  convolutionWeightGradient: (emit, call) => {
    const { attributes, inputs } = call
    const pixels = sizeOf(inputs[1].shape.slice(2))
    const choice = chooseWeightGradient(attributes, attributes.weightShape.slice(2), pixels)
    return overTwoAxes(choice)(emit, call)
  },
} satisfies Partial<Lowerings>
