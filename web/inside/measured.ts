/** What was measured of a network that comes with the page, by scripts/pageNetworks.ts; kept beside it as JSON. */

export interface MeasuredBlock {
  readonly path: string
  /** The variance of gates between classes over that within one. */
  readonly specificity: number
  /** By channel, over all images, and for each class. */
  readonly mean: readonly number[]
  readonly classes: readonly (readonly number[])[]
  /** Accuracy without the block minus accuracy with it, and its standard error. */
  readonly change: number
  readonly standardError: number
  /** SK: of the object's scale with the share of the larger kernel. */
  readonly rankCorrelation?: number | undefined
  /** SK: the larger kernel's share by scale, over scenes that differ in all else. */
  readonly sweep?: { readonly mean: readonly number[]; readonly std: readonly number[] } | undefined
  /** GCT: output over input variance. */
  readonly varianceRatio?: number | undefined
}

export interface Measured {
  /** How many test images. */
  readonly images: number
  readonly top1: number
  /** Without any of its attention. */
  readonly without: number
  /** How many scenes the sweep is over. */
  readonly scenes: number
  readonly blocks: readonly MeasuredBlock[]
}
