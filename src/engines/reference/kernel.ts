/** What a reference kernel is, and the loops that all of them are written with. */

import { type Shape, sizeOf, type Value } from '../../graph/index.ts'
import type { AttributesOf, OperationName } from '../../ops/table.ts'

/** Every dtype in float64: exact for ints and bools. */
export type Numbers = Float64Array

export interface KernelCall<Attributes> {
  readonly inputs: readonly Numbers[]
  readonly shapes: readonly Shape[]
  readonly outputs: readonly Value[]
  readonly attributes: Attributes
}

/** Computes the outputs of an operation; shapes have been checked by its `infer`. */
export type Kernel<Attributes> = (call: KernelCall<Attributes>) => readonly Numbers[]

/** A kernel for every operation: an incomplete table does not compile. */
export type Kernels = { readonly [Name in OperationName]: Kernel<AttributesOf<Name>> }

export const range = (count: number): number[] => [...Array(count).keys()]

/** How far apart neighbors along each axis are in row-major order. */
export const stridesOf = (shape: Shape): number[] =>
  shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))

/** The coordinates of a row-major offset. */
export const coordinates = (offset: number, shape: Shape): number[] =>
  stridesOf(shape).map((stride, axis) => Math.floor(offset / stride) % shape[axis])

/** The row-major offset of coordinates, in a shape that may stretch: axes of size 1 ignore theirs. */
export const offsetOf = (at: readonly number[], shape: Shape): number => {
  const skipped = at.length - shape.length
  return stridesOf(shape).reduce(
    (offset, stride, axis) => offset + (shape[axis] === 1 ? 0 : at[axis + skipped] * stride),
    0,
  )
}

/** A tensor filled element by element from its coordinates. */
export const fill = (shape: Shape, element: (at: number[], offset: number) => number): Numbers =>
  Float64Array.from({ length: sizeOf(shape) }, (_, offset) =>
    element(coordinates(offset, shape), offset),
  )
