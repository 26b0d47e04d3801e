/** A curve of a bounded number of points, in which spikes stay: of each pair the lower and the higher in turn. */

import type { Point } from './model.ts'

const MOST = 800

const isWorse = (a: Point, b: Point): boolean => !(a.loss <= b.loss)

/** Halves a curve that has grown too long, over its older half. */
export const thinned = (points: readonly Point[]): readonly Point[] => {
  if (points.length <= MOST) return points
  const half = MOST / 2
  const kept: Point[] = []
  // Of four points the lowest and the highest, in their order.
  for (let i = 0; i < half; i += 4) {
    const four = points.slice(i, Math.min(i + 4, half))
    const high = four.reduce((a, b) => (isWorse(b, a) ? b : a))
    const low = four.reduce((a, b) => (isWorse(a, b) ? b : a))
    kept.push(...(high.step < low.step ? [high, low] : high === low ? [high] : [low, high]))
  }
  return [...kept, ...points.slice(half)]
}
