/** What the quantity that each kind of attention shows is called, and the range that it has. */

import { extent } from 'd3-array'
import type { BlockExcitation, ExcitationKind } from '../excitation.ts'

export interface Words {
  readonly one: string
  readonly many: string
  /** On an axis. */
  readonly label: string
}

/** Words by kind; a share of splits names the number of branches. */
const WORDS: Readonly<Record<ExcitationKind, readonly [one: string, many: string, label: string]>> =
  {
    gate: ['gate', 'gates', 'gate'],
    addition: ['addition', 'additions', 'what is added to the channel'],
    selection: ['share', 'shares', 'attention of the largest kernel'],
    splits: ['share', 'shares', 'share of the first of M branches'],
    gain: ['gain', 'gains', 'size after the attention over before it'],
  }

export const wordsOf = ([{ kind, branches = 1 }]: readonly BlockExcitation[]): Words => {
  const [one, many, label] = WORDS[kind]
  return { one, many, label: label.replace('M', `${branches}`) }
}

/** Whether shares of these near none and near all mean anything. */
export const hasEnds = ([{ kind }]: readonly BlockExcitation[]): boolean =>
  kind !== 'addition' && kind !== 'gain'

/** One scale for all blocks: from 0 to 1 or 2 where that holds all of them, as gates and shares are. */
export const scaleFor = (
  blocks: readonly BlockExcitation[],
): readonly [low: number, high: number] => {
  const [low = 0, high = 1] = extent(
    blocks.flatMap(({ mean, classes }) => [
      ...mean,
      ...classes.flatMap(one => (one.count === 0 ? [] : one.mean)),
    ]),
  )
  const margin = 0.05 * (high - low) || 0.1
  const bottom = low < 0 ? low - margin : 0
  const [{ kind }] = blocks
  if (kind === 'addition') return [Math.min(low, 0) - margin, Math.max(high, 0) + margin]
  return [bottom, high <= 1 ? 1 : high <= 2 ? 2 : high + margin]
}
