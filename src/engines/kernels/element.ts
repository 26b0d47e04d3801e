/** What an operation is for kernels: the formula of one element of its output. */

import type { Node, Shape } from '../../graph/index.ts'
import type { AttributesOf, OperationName } from '../../ops/table.ts'
import type { Axis, Expression, Index } from './expression.ts'
import { whole } from './indexing.ts'

/** An element of an input, by its coordinates. */
export type Read = (input: number, at: readonly Index[]) => Expression

/** The element at these coordinates of an output. */
export type Element = (
  at: readonly Index[],
  read: Read,
  newAxis: (extent: number) => Axis,
) => Expression

/** An operation at hand. */
export interface Application<Attributes> {
  readonly attributes: Attributes
  readonly inputs: readonly Shape[]
  readonly outputs: readonly Shape[]
}

/** The formula of an output, the first unless another is asked for. */
export type Formula<Attributes> = (application: Application<Attributes>, output: number) => Element

export type Formulas = { readonly [Name in OperationName]?: Formula<AttributesOf<Name>> }

export const applicationOf = ({ attributes, inputs, outputs }: Node): Application<object> => ({
  attributes,
  inputs: inputs.map(({ shape }) => shape),
  outputs: outputs.map(({ shape }) => shape),
})

/** Coordinates in a shape that is stretched to the one of `at`: axes of size 1 stay at 0. */
export const stretched = (at: readonly Index[], shape: Shape): Index[] => {
  const skipped = at.length - shape.length
  return shape.map((size, axis) => (size === 1 ? whole(0) : at[axis + skipped]))
}
