/** What a study is, as data: variants of one backbone's attention, and what the paper found. */

import { parseAttention } from '../attention/registry.ts'
import { UsageError } from '../errors/index.ts'
import type { Variations } from '../models/variations.ts'
import type { RecipeName } from '../train/recipes.ts'

/** What a paper printed for a variant; errors in percent on its test set. */
export interface PaperFigure {
  /** The error of the first guess. */
  readonly top1: number
  /** The error of the first five guesses. */
  readonly top5?: number | undefined
  /** Millions. */
  readonly parameters?: number | undefined
  /** Thousand millions, of multiply-adds. */
  readonly multiplyAdds?: number | undefined
  /** What the same table gives for the plain network, where figures are from several. */
  readonly plain?: number | undefined
  /** Where it stands, if not where the study's other figures do. */
  readonly source?: string | undefined
}

/** One network of a study. */
export interface Variant {
  /** Short and without spaces: it names the folders of the runs. */
  readonly id: string
  /** The name in tables and figures. */
  readonly name: string
  /** As on the command line, such as `se:reduction=8`; the plain backbone without. */
  readonly attention?: string | undefined
  /** How its backbone differs from the study's. */
  readonly variations?: Variations | undefined
  /** What it is trained by otherwise. */
  readonly changes?: object | undefined
  /** What the paper found. */
  readonly paper?: PaperFigure | undefined
}

/** A paper's ablation. */
export interface Study {
  /** A sentence: what is asked. */
  readonly title: string
  /** The table that it repeats. */
  readonly source: string
  /** Where the paper's figures come from: network, data set, training. */
  readonly setting: string
  /** The training of the paper, by name. */
  readonly recipe: RecipeName
  /** The variant that the others are compared with. */
  readonly baseline: string
  /** The networks, in the order of the paper's table. */
  readonly variants: readonly Variant[]
  /** What a reader must know to compare. */
  readonly note?: string | undefined
}

/** Why a variant cannot be built by this version of the library, or undefined if it can. */
export const missing = ({ attention }: Pick<Variant, 'attention'>): string | undefined => {
  if (attention === undefined) return undefined
  try {
    parseAttention(attention)
    return undefined
  } catch (error) {
    if (error instanceof UsageError) return `this version has no ${attention}`
    throw error
  }
}
