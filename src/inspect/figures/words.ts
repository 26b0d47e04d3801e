/** What the quantity that each kind of attention shows is called, and the range that it has. */

import type { BlockExcitation, ExcitationKind } from '../excitation.ts'

export interface Words {
  readonly one: string
  readonly many: string
  /** On an axis. */
  readonly label: string
}

const wordsFor = (kind: ExcitationKind, branches: number): Words => {
  switch (kind) {
    case 'gate':
      return { one: 'gate', many: 'gates', label: 'gate' }
    case 'addition':
      return { one: 'addition', many: 'additions', label: 'what is added to the channel' }
    case 'selection':
      return { one: 'share', many: 'shares', label: 'attention of the largest kernel' }
    case 'splits':
      return { one: 'share', many: 'shares', label: `share of the first of ${branches} branches` }
    case 'gain':
      return { one: 'gain', many: 'gains', label: 'size after the attention over before it' }
  }
}

export const wordsOf = ([{ kind, branches = 1 }]: readonly BlockExcitation[]): Words =>
  wordsFor(kind, branches)

/** Whether shares of these near none and near all mean anything. */
export const hasEnds = ([{ kind }]: readonly BlockExcitation[]): boolean =>
  kind !== 'addition' && kind !== 'gain'

/** Least and most, over all channels and classes. */
const extremes = (blocks: readonly BlockExcitation[]): readonly [low: number, high: number] => {
  const values = blocks.flatMap(({ mean, classes }) => [
    ...mean,
    ...classes.flatMap(one => (one.count === 0 ? [] : one.mean)),
  ])
  return [
    values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  ]
}

/** One scale for all blocks: from 0 to 1 or 2 where that holds all of them, as gates and shares are. */
export const scaleFor = (
  blocks: readonly BlockExcitation[],
): readonly [low: number, high: number] => {
  const [low, high] = extremes(blocks)
  const margin = 0.05 * (high - low) || 0.1
  const bottom = low < 0 ? low - margin : 0
  const [{ kind }] = blocks
  if (kind === 'addition') return [Math.min(low, 0) - margin, Math.max(high, 0) + margin]
  return [bottom, high <= 1 ? 1 : high <= 2 ? 2 : high + margin]
}
