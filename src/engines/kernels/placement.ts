/** Where the elements of a value lie: a buffer, an offset and strides, so that views cost nothing. */

import { type DType, type Shape, sizeOf } from '../../graph/index.ts'

/** What a buffer holds: bools are 0 or 1 in 32 bits, bytes lie packed, four in 32 bits. */
export type Element = 'float32' | 'int32' | 'bool' | 'uint8'

/** Memory that an engine provides: where, and shared with which other buffers, it decides itself. */
export interface KernelBuffer {
  /** Its place in `KernelProgram.buffers`. */
  readonly id: number
  readonly element: Element
  /** In elements. */
  readonly size: number
  /** The graph input that it holds, filled before a run or kept as state. */
  readonly input?: string | undefined
  /** What it holds from before the first run: row-major; a single number fills it. */
  readonly constant?: readonly number[] | undefined
}

/** Where a value lies: element [i, j, …] is at `offset + i·strides[0] + j·strides[1] + …`. */
export interface Placement {
  readonly buffer: KernelBuffer
  readonly shape: Shape
  /** In elements, like the strides. */
  readonly offset: number
  /** One an axis; 0 where the value is stretched. */
  readonly strides: readonly number[]
}

/** A type of the graph as it lies in a buffer. */
export const elementOf = (dtype: DType): Element =>
  dtype === 'int32' || dtype === 'bool' || dtype === 'uint8' ? dtype : 'float32'

/** How many bytes of a buffer an element takes. */
export const bytesOf = ({ element, size }: Pick<KernelBuffer, 'element' | 'size'>): number =>
  element === 'uint8' ? Math.ceil(size / 4) * 4 : size * 4

/** Strides of elements one after the other, the last axis innermost. */
export const rowMajor = (shape: Shape): number[] =>
  shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))

/** Strides of [N, C, H, W] with the channels innermost: N, H, W, C. */
export const channelsLast = ([, c, h, w]: Shape): number[] => [c * h * w, 1, w * c, c]

/** Whether elements lie one after the other in row-major order; axes of size 1 do not matter. */
export const isRowMajor = ({ shape, strides }: Pick<Placement, 'shape' | 'strides'>): boolean =>
  rowMajor(shape).every((stride, axis) => shape[axis] === 1 || stride === strides[axis])
