/** The forms that a convolution's gradients can take, and what decides between them. */

import { type Shape, sizeOf } from '../../../graph/index.ts'
import type { ConvolutionAttributes } from '../../../ops/convolution.ts'
import type { AttributesOf } from '../../../ops/table.ts'
import type { Lowering } from '../../emitter.ts'

export type InputGradient = Lowering<AttributesOf<'convolutionInputGradient'>>
export type WeightGradient = Lowering<AttributesOf<'convolutionWeightGradient'>>

/** A convolution's geometry: what the choice between forms looks at. */
export interface Geometry extends ConvolutionAttributes {
  readonly kernel: readonly number[]
  /** Columns of one input map. */
  readonly width: number
  /** Pixels of one output map. */
  readonly pixels: number
}

export const geometryOf = (
  attributes: ConvolutionAttributes,
  x: Shape,
  weight: Shape,
  y: Shape,
): Geometry => ({
  ...attributes,
  kernel: weight.slice(2),
  width: x[3],
  pixels: sizeOf(y.slice(2)),
})

/** The same over every stride-th pixel alone, where no tap falls on others. */
export const withoutStrides = <A extends ConvolutionAttributes>(attributes: A): A => {
  const { strides, pads, dilations } = attributes
  return {
    ...attributes,
    strides: strides.map(() => 1),
    pads: pads.map((size, i) => size / strides[i % strides.length]),
    dilations: dilations.map((size, axis) => Math.max(1, Math.floor(size / strides[axis]))),
  }
}

/** How far a kernel's last tap is from its first, axis by axis. */
export const reachOf = ({ kernel, dilations }: Pick<Geometry, 'kernel' | 'dilations'>): number[] =>
  kernel.map((size, axis) => dilations[axis] * (size - 1))
