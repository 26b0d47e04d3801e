/** Pooling of [N, C, H, W]: the largest element or the mean of every window, channel by channel. */

import { formatShape } from '../errors/index.ts'
import { type Shape, sameShape, type Value, type ValueType } from '../graph/index.ts'
import {
  apply,
  expectFloats,
  type Operation,
  onceDifferentiable,
  type Refuse,
} from './operation.ts'
import {
  type PerAxis,
  perAxis,
  type WindowAttributes,
  type WindowOptions,
  windowAttributes,
  windowOutput,
} from './window.ts'

export interface PoolingAttributes extends WindowAttributes {
  readonly kernelShape: readonly number[]
  /** Keeps a last window that hangs over the end, as Caffe does. */
  readonly ceilMode: boolean
}

export interface PoolingOptions extends WindowOptions {
  readonly kernel: PerAxis
  readonly ceilMode?: boolean
}

export const poolingAttributes = ({
  kernel,
  ceilMode = false,
  ...window
}: PoolingOptions): PoolingAttributes => ({
  ...windowAttributes(window, 2),
  kernelShape: perAxis(kernel, 2),
  ceilMode,
})

export const pooledShape = (shape: Shape, attributes: PoolingAttributes, refuse: Refuse): Shape => {
  if (shape.length !== 4) refuse('an input [N, C, H, W]', formatShape(shape))
  const { kernelShape, dilations, pads, ceilMode } = attributes
  const output = windowOutput(shape.slice(2), kernelShape, attributes, refuse, ceilMode)
  if (pads.some((size, i) => size >= dilations[i % 2] * (kernelShape[i % 2] - 1) + 1))
    refuse(
      'pads smaller than the kernel',
      `[${pads.join(', ')}]`,
      'A window must hold at least one pixel',
    )
  return [shape[0], shape[1], ...output]
}

export const inferPooling = (
  inputs: readonly ValueType[],
  attributes: PoolingAttributes,
  refuse: Refuse,
): readonly ValueType[] => {
  expectFloats(inputs, refuse)
  return [{ dtype: inputs[0].dtype, shape: pooledShape(inputs[0].shape, attributes, refuse) }]
}

/** Refuses a cotangent that is not shaped like the pool's output. */
export const expectPooled = (
  dy: ValueType,
  input: Shape,
  attributes: PoolingAttributes,
  refuse: Refuse,
): void => {
  const shape = pooledShape(input, attributes, refuse)
  if (!sameShape(shape, dy.shape))
    refuse(`a cotangent of shape ${formatShape(shape)}`, formatShape(dy.shape))
}

/** The largest element of every window of [N, C, H, W]; padding never wins. */
export const maxPoolOp: Operation<'maxPool', PoolingAttributes> = {
  name: 'maxPool',
  infer: inferPooling,
  gradient: ({ inputs: [x], attributes, cotangents: [dy] }) => [maxPoolGradient(x, dy, attributes)],
}

/** Stride defaults to 1, as in a convolution. */
export const maxPool = (x: Value, options: PoolingOptions): Value =>
  apply(maxPoolOp, [x], poolingAttributes(options))[0]

/** The gradient of max pooling: each window's cotangent goes to its first largest element. */
export const maxPoolGradientOp: Operation<'maxPoolGradient', PoolingAttributes> = {
  name: 'maxPoolGradient',
  infer: (inputs, attributes, refuse) => {
    expectFloats(inputs, refuse)
    const [x, dy] = inputs
    expectPooled(dy, x.shape, attributes, refuse)
    return [x]
  },
  gradient: () => onceDifferentiable('maxPoolGradient'),
}

export const maxPoolGradient = (x: Value, dy: Value, attributes: PoolingAttributes): Value =>
  apply(maxPoolGradientOp, [x, dy], attributes)[0]

export interface AveragePoolAttributes extends PoolingAttributes {
  /** Whether padding counts as pixels of value 0 (never what hangs over in ceil mode). */
  readonly countIncludePad: boolean
}

/** The mean of every window of [N, C, H, W]. */
export const averagePoolOp: Operation<'averagePool', AveragePoolAttributes> = {
  name: 'averagePool',
  infer: inferPooling,
  gradient: ({ inputs: [x], attributes, cotangents: [dy] }) => [
    averagePoolGradient(dy, x.shape, attributes),
  ],
}

/** Stride defaults to 1; padding counts as zeros unless told otherwise, as in PyTorch. */
export const averagePool = (
  x: Value,
  { countIncludePad = true, ...options }: PoolingOptions & { countIncludePad?: boolean },
): Value => apply(averagePoolOp, [x], { ...poolingAttributes(options), countIncludePad })[0]

export interface AveragePoolGradientAttributes extends AveragePoolAttributes {
  readonly inputShape: Shape
}

/** The gradient of average pooling: each window's cotangent spreads evenly over what it counted. */
export const averagePoolGradientOp: Operation<
  'averagePoolGradient',
  AveragePoolGradientAttributes
> = {
  name: 'averagePoolGradient',
  infer: (inputs, { inputShape, ...attributes }, refuse) => {
    expectFloats(inputs, refuse)
    expectPooled(inputs[0], inputShape, attributes, refuse)
    return [{ dtype: inputs[0].dtype, shape: inputShape }]
  },
  gradient: ({ attributes: { inputShape: _, ...attributes }, cotangents: [g] }) =>
    apply(averagePoolOp, [g], attributes),
}

export const averagePoolGradient = (
  dy: Value,
  inputShape: Shape,
  attributes: AveragePoolAttributes,
): Value => apply(averagePoolGradientOp, [dy], { ...attributes, inputShape })[0]
