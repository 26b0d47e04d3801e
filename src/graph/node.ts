/** A node: one operation applied to values, under the path of the layer that applied it. */

import type { Value } from './value.ts'

export interface Node {
  /** The operation's name, a key of the operation table. */
  readonly op: string
  readonly attributes: object
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  /** Where it was made: `layer2.0.se.fc1`, or `''` outside any layer. */
  readonly path: string
}
