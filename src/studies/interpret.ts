/** A difference as a plain sentence: how large, how sure, and whether it is more than noise. */

import { signed } from '../text/numbers.ts'
import type { StudyResults, VariantResult } from './results.ts'

const LEVEL = 0.05

const points = (value: number): string => Math.abs(value).toFixed(2)

const compares = (difference: number): string =>
  difference === 0
    ? 'has the same error as'
    : `has ${points(difference)} points ${difference < 0 ? 'less' : 'more'} error than`

/** Whether a variant differs from the baseline by more than seeds do; undefined where unknown. */
export const isSignificant = ({ difference }: VariantResult): boolean | undefined =>
  difference?.adjusted === undefined ? undefined : difference.adjusted < LEVEL

const chance = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`)

/** How sure, in words and as p: what would count alone need not count among several questions. */
const confidence = (
  { difference }: VariantResult,
  questions: number,
): { readonly words: string; readonly p: string } => {
  const { p = 1, adjusted = 1 } = difference ?? {}
  if (adjusted < LEVEL) return { words: 'more than noise', p: chance(adjusted) }
  if (p >= LEVEL) return { words: 'no more than noise', p: chance(adjusted) }
  return {
    words: `more than noise if it were the only comparison, but not surely among ${questions}`,
    p: `${chance(p)} alone, ${adjusted.toFixed(3)} among ${questions}`,
  }
}

export const conclusion = (
  variant: VariantResult,
  { variants, baseline }: Pick<StudyResults, 'variants' | 'baseline'>,
): string | undefined => {
  const { name, difference, paperDifference } = variant
  if (variant.id === baseline) return undefined
  const reference = variants.find(({ id }) => id === baseline)?.name ?? baseline
  if (difference === undefined) return `“${name}” cannot be compared: no seed has finished in both.`
  const { mean, halfWidth, count, adjusted } = difference
  const found = `“${name}” ${compares(mean)} “${reference}”`
  const paper =
    paperDifference === undefined ? '' : ` The paper found ${signed(paperDifference)} points.`
  if (halfWidth === undefined || adjusted === undefined)
    return `${found} with one seed: no telling whether that is more than noise.${paper}`
  const questions = variants.filter(({ difference }) => difference?.p !== undefined).length
  const { words, p } = confidence(variant, questions)
  const interval = `95 % interval ${signed(mean - halfWidth)} to ${signed(mean + halfWidth)}, ${count} seeds`
  return `${found}: ${words} (${interval}; ${p}).${paper}`
}
