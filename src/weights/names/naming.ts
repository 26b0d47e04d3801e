/** What is known of a source of weights: how it names them, and how its networks differ from ours. */

/** A part of a weight's name, and what stands for it here; all rules apply, in order. */
export type Rule = readonly [pattern: RegExp, replacement: string]

/** How pictures are to be prepared: each channel of pixels in 0 … 1 by mean and deviation. */
export interface Preprocessing {
  readonly mean: readonly [number, number, number]
  readonly deviation: readonly [number, number, number]
  /** Whether the network was trained on blue, green, red. */
  readonly bgr?: boolean
}

export interface Naming {
  readonly name: string
  readonly describe: string
  readonly rules: readonly Rule[]
  /** What its networks are besides their name; what the user says goes first. */
  readonly model?: {
    readonly strideIn?: '1x1' | '3x3'
    /** In place of the attention that is only named, such as `se`. */
    readonly attention?: Readonly<Record<string, string>>
  }
  /** What the numbers of its networks also depend on. */
  readonly note?: string
}
