/**
 * How sure a mean over a few seeds is: Student's t, confidence intervals, those of counted shares, and
 * Holm's correction for asking several questions at once.
 */

import { UsageError } from '../errors/index.ts'
import { average, std } from './moments.ts'

/** What several measurements say: their mean, and the half width of its 95 % interval. */
export interface Estimate {
  readonly mean: number
  /** How many were measured. */
  readonly count: number
  /** Of one measurement, from the sample; undefined for a single one. */
  readonly std?: number
  /** The mean's interval is mean ± halfWidth; undefined for a single measurement. */
  readonly halfWidth?: number
}

/** An estimate of a difference, and how likely chance alone makes one as large. */
export interface Difference extends Estimate {
  /** Two-sided; undefined for a single measurement. */
  readonly p?: number
}

const CONFIDENCE = 0.95

/**
 * P(|T| ≤ t) for Student's t with a whole number of degrees of freedom: the finite sums of
 * Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.
 */
export const studentWithin = (t: number, degreesOfFreedom: number): number => {
  const angle = Math.atan(Math.abs(t) / Math.sqrt(degreesOfFreedom))
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)]
  const odd = degreesOfFreedom % 2 === 1
  if (degreesOfFreedom === 1) return (2 * angle) / Math.PI
  let term = odd ? cosine : 1
  let sum = term
  for (let k = odd ? 3 : 2; k < degreesOfFreedom; k += 2) {
    term *= ((k - 1) / k) * cosine ** 2
    sum += term
  }
  return odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum
}

/** The t with P(|T| ≤ t) = `within`, by bisection: 4.303 for 0.95 and two degrees of freedom. */
export const studentQuantile = (within: number, degreesOfFreedom: number): number => {
  let [low, high] = [0, 1]
  while (studentWithin(high, degreesOfFreedom) < within) high *= 2
  while (high - low > 1e-12 * high) {
    const middle = (low + high) / 2
    if (studentWithin(middle, degreesOfFreedom) < within) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** The 0.975 quantile of the normal distribution. */
const NORMAL = 1.959963984540054

/**
 * The 95 % interval of a share that was counted (Wilson, JASA 22, 1927): within 0 and 1, and sound for
 * few, where mean ± error is not. 6 of 15 give 0.20 to 0.64.
 */
export const proportionInterval = (
  hits: number,
  count: number,
): readonly [low: number, high: number] => {
  const squared = NORMAL ** 2
  const middle = (hits + squared / 2) / (count + squared)
  const spread = Math.sqrt((hits * (count - hits)) / count + squared / 4)
  const halfWidth = (NORMAL * spread) / (count + squared)
  return [Math.max(0, middle - halfWidth), Math.min(1, middle + halfWidth)]
}

/**
 * @param resolution - the step in which the values come, such as that of one test image: no std
 * is believed that is less than what rounding to it makes
 * @throws UsageError for no values at all
 */
export const estimate = (values: readonly number[], resolution = 0): Estimate => {
  const { length: count } = values
  if (count === 0) throw new UsageError({ where: 'values', expected: 'at least one', got: 'none' })
  const mean = average(values)
  if (count < 2) return { mean, count }
  const spread = Math.max(std(values), resolution / Math.sqrt(12))
  const halfWidth = (studentQuantile(CONFIDENCE, count - 1) * spread) / Math.sqrt(count)
  return { mean, count, std: spread, halfWidth }
}

/** Of values paired by seed: what one has more than the other. */
export const pairedDifference = (
  values: readonly number[],
  others: readonly number[],
  resolution = 0,
): Difference => {
  // Two roundings, so the variance of one twice.
  const found = estimate(
    values.map((value, i) => value - others[i]),
    resolution * Math.SQRT2,
  )
  const { mean, count, std } = found
  if (std === undefined) return found
  const t = mean === 0 ? 0 : mean / (std / Math.sqrt(count))
  return { ...found, p: 1 - studentWithin(t, count - 1) }
}

/**
 * Holm's step-down correction (Scandinavian Journal of Statistics 6, 1979): p-values adjusted so
 * that the chance of any false finding among them all stays what one alone would have.
 */
export const holm = (ps: readonly number[]): readonly number[] => {
  const order = [...ps.keys()].sort((a, b) => ps[a] - ps[b])
  const adjusted = new Array<number>(ps.length)
  let largest = 0
  for (const [rank, index] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (ps.length - rank) * ps[index]))
    adjusted[index] = largest
  }
  return adjusted
}
