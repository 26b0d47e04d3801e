/** What a lowering is: an operation written as steps of a plan. */

import type { Shape, Value } from '../../../graph/index.ts'
import type { AttributesOf, OperationName } from '../../../ops/table.ts'
import type { Plan } from '../plan.ts'

export interface Call<Attributes> {
  readonly op: string
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly attributes: Attributes
}

/** Adds the steps of an operation, and says where its outputs are. */
export type Lowering<Attributes> = (plan: Plan, call: Call<Attributes>) => void

/** A lowering for every operation: an incomplete table does not compile. */
export type Lowerings = { readonly [Name in OperationName]: Lowering<AttributesOf<Name>> }

/** The number that a value is, where the graph says so. */
export const numberIn = ({ node, shape }: Value): number | undefined => {
  if (node?.op !== 'constant' || shape.some(size => size !== 1)) return undefined
  return (node.attributes as AttributesOf<'constant'>).data[0]
}

/** Ones in front, up to a rank. */
export const widened = (shape: Shape, rank: number): number[] => [
  ...new Array<number>(Math.max(0, rank - shape.length)).fill(1),
  ...shape,
]
