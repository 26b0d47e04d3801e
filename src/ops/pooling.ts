/** What max and average pooling share: a window over two spatial axes, channel by channel. */

import { formatShape } from '../errors/index.ts'
import { type Shape, sameShape, type ValueType } from '../graph/index.ts'
import { expectDType, type Refuse } from './operation.ts'
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
  expectDType(inputs, 'float', refuse)
  return [{ dtype: 'float', shape: pooledShape(inputs[0].shape, attributes, refuse) }]
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
