/** A tensor that lies in a file, read when it is asked for: nothing is allocated before it fits. */

import type { Shape } from '../graph/index.ts'

export interface Entry {
  readonly dtype: string
  readonly shape: Shape
  /** Its elements in row-major order, as float32. */
  read(): Float32Array
}

/** Refuses a file: the rule, and what was found instead. */
export type Refuse = (expected: string, got: string, hint?: string) => never
