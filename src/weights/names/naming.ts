/** What is known of a source of weights: how it names them, and how its networks differ from ours. */

import type { Variations } from '../../models/variations.ts'

/** A part of a weight's name, and what stands for it here; all rules apply, in order. */
export type Rule = readonly [pattern: RegExp, replacement: string]

/** How images are to be prepared: each channel of pixels in 0 … 1 by mean and std. */
export interface Preprocessing {
  readonly mean: readonly [number, number, number]
  readonly std: readonly [number, number, number]
  /** Whether the network was trained on blue, green, red. */
  readonly bgr?: boolean
}

export interface Naming {
  readonly name: string
  readonly describe: string
  /** A name that only its files have; without it the naming is tried on every file. */
  readonly sign?: RegExp
  readonly rules: readonly Rule[]
  /** Where a name here depends on what else there is: a name by all names, before the rules. */
  readonly layout?: (names: readonly string[]) => (name: string) => string
  /** What it holds that no network here has: only training used it. */
  readonly ignored?: RegExp
  /** What its networks are besides their names here, by the first pattern that matches. */
  readonly networks?: readonly (readonly [model: RegExp, own: OwnNetwork])[]
}

/** How a source's network differs from ours of the same name; what the user says goes first. */
export interface OwnNetwork {
  readonly attention?: string
  readonly variations?: Variations
  readonly preprocessing?: Preprocessing
  /** ε of its batch normalizations, where ours have another. */
  readonly epsilon?: { readonly theirs: number; readonly ours: number }
  /** What is to be known of it. */
  readonly note?: string
}
