/** Accuracies as people read them: counts and an interval, where a set is small. */

import { proportionInterval } from '../stats/inference.ts'
import { percent } from './numbers.ts'

/** In larger sets two decimals mean something. */
const SMALL = 1000

/** `93.12 %`, or `40.0 % (6 of 15)` of few images. */
export const shortAccuracy = (fraction: number, images: number): string =>
  images >= SMALL
    ? percent(fraction)
    : `${percent(fraction, 1)} (${Math.round(fraction * images)} of ${images})`

/** The same with its interval: `40.0 % (6 of 15; 95 % interval 20 to 64 %)`. */
export const accuracyText = (fraction: number, images: number): string => {
  const text = shortAccuracy(fraction, images)
  if (images >= SMALL) return text
  const [low, high] = proportionInterval(Math.round(fraction * images), images)
  return text.replace(/\)$/, `; 95 % interval ${(100 * low).toFixed(0)} to ${percent(high, 0)})`)
}

/** The five likeliest of so few classes hold the right one always. */
export const hasTop5 = (classes: readonly string[]): boolean => classes.length > 5
