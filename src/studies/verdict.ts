/** A difference as a plain sentence: how large, how sure, and whether it is more than noise. */

import type { StudyResults, VariantResult } from './results.ts'

const LEVEL = 0.05

const points = (value: number): string => Math.abs(value).toFixed(2)
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${points(value)}`

const compares = (difference: number): string =>
  difference === 0
    ? 'has the same error as'
    : `has ${points(difference)} points ${difference < 0 ? 'less' : 'more'} error than`

/** Whether a variant differs from the baseline by more than seeds do; undefined where unknown. */
export const isMoreThanNoise = ({ difference }: VariantResult): boolean | undefined =>
  difference?.adjusted === undefined ? undefined : difference.adjusted < LEVEL

export const verdict = (
  variant: VariantResult,
  { variants, baseline }: Pick<StudyResults, 'variants' | 'baseline'>,
): string | undefined => {
  const { name, difference, paperDifference } = variant
  if (variant.id === baseline) return undefined
  const reference = variants.find(({ id }) => id === baseline)?.name ?? baseline
  if (difference === undefined) return `“${name}” cannot be compared: no seed has finished in both.`
  const { mean, margin, count, adjusted } = difference
  const found = `“${name}” ${compares(mean)} “${reference}”`
  const paper =
    paperDifference === undefined ? '' : ` The paper found ${signed(paperDifference)} points.`
  if (margin === undefined || adjusted === undefined)
    return `${found} with one seed: no telling whether that is more than noise.${paper}`
  const sure = isMoreThanNoise(variant) ? 'more than noise' : 'no more than noise'
  const interval = `95 % interval ${signed(mean - margin)} to ${signed(mean + margin)}, ${count} seeds`
  return `${found}: ${sure} (${interval}; p = ${adjusted < 0.001 ? '< 0.001' : adjusted.toFixed(3)}).${paper}`.replace(
    'p = <',
    'p <',
  )
}
