/** A tensor that lies in a file, read when it is asked for: nothing is allocated before it fits. */

import type { Shape } from '../graph/index.ts'

export interface Entry {
  readonly dtype: string
  readonly shape: Shape
  /** Its elements in row-major order, as float32. */
  read(): Float32Array
}

/** What a file of weights holds. */
export interface Weights {
  readonly entries: ReadonlyMap<string, Entry>
  /** What was chosen among several sets of weights, in sentences. */
  readonly notes: readonly string[]
  /** What the file itself calls its network. */
  readonly architecture?: string | undefined
  /** The card of a file that Excite wrote, as text. */
  readonly card?: string | undefined
}

/** Which of two sets of weights in a file is read. */
export interface WeightChoice {
  /** The running average or the weights themselves; the average where there is one unless given. */
  readonly ema?: boolean | undefined
}

/** Whether a value of a file is a whole number from 0. */
export const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
