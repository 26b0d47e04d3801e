/** Which detections of one class in one image are right, as COCO's reference evaluator matches them. */

import type { ImageObjects } from '../../data/objects.ts'
import { overlap } from './overlap.ts'

/** What was found in an image, in columns; of any order, and ties of scores are broken by it. */
export interface ImageDetections {
  /** x, y, width and height of each, in pixels of the image. */
  readonly boxes: Float64Array
  /** How sure each is. */
  readonly scores: Float64Array
  /** The class of each, from 1. */
  readonly labels: Uint16Array
}

/** The overlaps from which on a detection is right; numpy's linspace, whose ninth is below 0.9. */
export const THRESHOLDS = Array.from({ length: 10 }, (_, i) => 0.5 + i * ((0.95 - 0.5) / 9))

/** Areas in pixels, both ends included. */
export const AREA_RANGES = {
  all: [0, 1e10],
  small: [0, 32 ** 2],
  medium: [32 ** 2, 96 ** 2],
  large: [96 ** 2, 1e10],
} as const

/** The detections of a class in one area range, a bit a threshold. */
export interface RangeMatches {
  /** How many objects count. */
  readonly counted: number
  /** At which thresholds each detection is right. */
  readonly hits: Uint16Array
  /** At which it is neither right nor wrong. */
  readonly ignored: Uint16Array
}

/**
 * Matches detections with objects, the surest first, each with the object it overlaps most: with one
 * that counts where there is any, and with a later one on ties.
 * @param own - the places of the class's objects
 * @param best - the places of its detections, the surest first
 */
export const matchClass = (
  truth: ImageObjects,
  own: readonly number[],
  found: ImageDetections,
  best: readonly number[],
): readonly RangeMatches[] => {
  const { crowds, areas, ids } = truth
  const overlaps = best.map(d =>
    own.map(g => overlap(found.boxes, d, truth.boxes, g, crowds[g] === 1)),
  )
  const foundAreas = best.map(d => found.boxes[4 * d + 2] * found.boxes[4 * d + 3])
  return Object.values(AREA_RANGES).map(([low, high]) => {
    const isOutside = (area: number): boolean => area < low || area > high
    const isIgnored = own.map(g => crowds[g] === 1 || isOutside(areas[g]))
    const order = [...own.keys()].sort((a, b) => Number(isIgnored[a]) - Number(isIgnored[b]))
    const hits = new Uint16Array(best.length)
    const ignored = new Uint16Array(best.length)
    for (const [bit, threshold] of THRESHOLDS.entries()) {
      const taken = new Uint8Array(own.length)
      for (let d = 0; d < best.length; d++) {
        let pick = -1
        let most = Math.min(threshold, 1 - 1e-10)
        for (const g of order) {
          if (taken[g] === 1 && crowds[own[g]] === 0) continue
          if (pick >= 0 && !isIgnored[pick] && isIgnored[g]) break
          if (overlaps[d][g] < most) continue
          most = overlaps[d][g]
          pick = g
        }
        if (pick >= 0) taken[pick] = 1
        // The reference remembers a match by the object's id, and takes an id of 0 for none.
        const isMatched = pick >= 0 && ids[own[pick]] !== 0
        if ((pick >= 0 && isIgnored[pick]) || (!isMatched && isOutside(foundAreas[d])))
          ignored[d] |= 1 << bit
        else if (isMatched) hits[d] |= 1 << bit
      }
    }
    return { counted: isIgnored.filter(one => !one).length, hits, ignored }
  })
}
