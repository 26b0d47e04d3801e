/** The forms that a convolution's gradients can take, and what decides between them. */

import type { ConvolutionAttributes } from '../../../../ops/convolution.ts'
import type { AttributesOf } from '../../../../ops/table.ts'
import type { Lowering } from '../../emitter.ts'

export type InputGradient = Lowering<AttributesOf<'convolutionInputGradient'>>
export type WeightGradient = Lowering<AttributesOf<'convolutionWeightGradient'>>

/** A convolution's geometry: what the choice between forms looks at. */
export interface Geometry extends ConvolutionAttributes {
  readonly kernel: readonly number[]
  /** Of one input map. */
  readonly width: number
  /** Of one output map. */
  readonly pixels: number
}

/** How far a kernel's last tap is from its first, axis by axis. */
export const reachOf = ({ kernel, dilations }: Pick<Geometry, 'kernel' | 'dilations'>): number[] =>
  kernel.map((size, axis) => dilations[axis] * (size - 1))
