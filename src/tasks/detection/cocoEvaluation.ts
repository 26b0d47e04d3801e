/**
 * Average precision and recall as COCO's reference evaluator (cocodataset/cocoapi, cocoeval.py)
 * defines them, over all images and for each class.
 */

import type { ImageObjects } from '../../data/objects.ts'
import { AREA_RANGES, type ImageDetections, matchClass, THRESHOLDS } from './match.ts'

/** An image with its objects and what was found in it. */
export interface EvaluatedImage {
  readonly truth: ImageObjects
  readonly found: ImageDetections
}

/** How many detections of a class in an image are looked at. */
const MAX_DETECTIONS = [1, 10, 100] as const
/** The most of these. */
export const MOST_DETECTIONS = 100
/** numpy's linspace; ten of the hundred and one are above their hundredth. */
export const RECALLS = Array.from({ length: 101 }, (_, i) => i * 0.01)

/** One area range of one class. */
export interface RangeCurves {
  /** How many objects count; without any there are no figures. */
  readonly counted: number
  /** The precision at each of `RECALLS`, for each of `THRESHOLDS`. */
  readonly precisions: readonly Float64Array[]
  /** The recall at each threshold, by 1, 10 and 100 detections an image. */
  readonly recalls: readonly Float64Array[]
}

/** One class: the area ranges in their order. */
export type ClassCurves = readonly RangeCurves[]

/** What is known of a class, image after image. */
const tally = () => ({
  scores: [] as number[],
  /** The rank of each detection in its image. */
  ranks: [] as number[],
  ranges: Object.values(AREA_RANGES).map(() => ({
    counted: 0,
    hits: [] as number[],
    ignored: [] as number[],
  })),
})
type Tally = ReturnType<typeof tally>

/** The places of some labels by label, in their order. */
const byLabel = (labels: Uint16Array, order: Iterable<number>): Map<number, number[]> => {
  const places = new Map<number, number[]>()
  for (const i of order) {
    const own = places.get(labels[i])
    if (own === undefined) places.set(labels[i], [i])
    else own.push(i)
  }
  return places
}

const addImage = (tallies: readonly Tally[], { truth, found }: EvaluatedImage): void => {
  const objects = byLabel(truth.labels, truth.labels.keys())
  const surestFirst = [...found.scores.keys()].sort((a, b) => found.scores[b] - found.scores[a])
  const detections = byLabel(found.labels, surestFirst)
  for (const label of new Set([...objects.keys(), ...detections.keys()])) {
    const best = (detections.get(label) ?? []).slice(0, MOST_DETECTIONS)
    const { scores, ranks, ranges } = tallies[label - 1]
    for (const [rank, d] of best.entries()) {
      scores.push(found.scores[d])
      ranks.push(rank)
    }
    const matches = matchClass(truth, objects.get(label) ?? [], found, best)
    for (const [i, { counted, hits, ignored }] of matches.entries()) {
      ranges[i].counted += counted
      ranges[i].hits.push(...hits)
      ranges[i].ignored.push(...ignored)
    }
  }
}

/** The precision at each recall: the best from there on. */
const precisionsAt = (
  order: Uint32Array,
  { hits, ignored, counted }: Tally['ranges'][number],
  bit: number,
): Float64Array => {
  const recalls: number[] = []
  const precisions: number[] = []
  let [right, wrong] = [0, 0]
  for (const d of order) {
    if ((ignored[d] >> bit) & 1) {
      // A detection that is ignored has its place on the curve, and changes nothing.
    } else if ((hits[d] >> bit) & 1) right++
    else wrong++
    recalls.push(right / counted)
    precisions.push(right / (right + wrong + Number.EPSILON))
  }
  for (let i = precisions.length - 2; i >= 0; i--)
    precisions[i] = Math.max(precisions[i], precisions[i + 1])
  const result = new Float64Array(RECALLS.length)
  for (let r = 0, i = 0; r < RECALLS.length; r++) {
    while (i < recalls.length && recalls[i] < RECALLS[r]) i++
    result[r] = precisions[i] ?? 0
  }
  return result
}

const curvesOf = ({ scores, ranks, ranges }: Tally): ClassCurves => {
  const order = Uint32Array.from([...scores.keys()].sort((a, b) => scores[b] - scores[a]))
  return ranges.map(range => {
    const { counted, hits } = range
    if (counted === 0) return { counted, precisions: [], recalls: [] }
    const found = MAX_DETECTIONS.map(most =>
      Float64Array.from(THRESHOLDS, (_, bit) => {
        let right = 0
        for (let d = 0; d < hits.length; d++) right += ranks[d] < most ? (hits[d] >> bit) & 1 : 0
        return right / counted
      }),
    )
    const precisions = THRESHOLDS.map((_, bit) => precisionsAt(order, range, bit))
    return { counted, precisions, recalls: found }
  })
}

/** Matches all detections, and draws the curves of each class; classes are counted from 1. */
export const cocoCurves = (
  images: readonly EvaluatedImage[],
  classes: number,
): readonly ClassCurves[] => {
  const tallies = Array.from({ length: classes }, tally)
  for (const image of images.toSorted((a, b) => a.truth.id - b.truth.id)) addImage(tallies, image)
  return tallies.map(curvesOf)
}
