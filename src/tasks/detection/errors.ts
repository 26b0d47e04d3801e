/**
 * What is wrong with detections, by kind (Bolya et al.: TIDE, arXiv:2008.08115, section 2.2): at an
 * overlap of half they are right, at a tenth near.
 */

import type { EvaluatedImage } from './cocoEvaluation.ts'
import { overlap } from './overlap.ts'

const [RIGHT, NEAR] = [0.5, 0.1]
/** Detections of less are not judged: nobody would be shown them. */
export const SURE = 0.5

/** The kinds, each with what it means. */
export const ERROR_KINDS = {
  right: 'found: the class is right, and the box overlaps by half or more',
  classification: 'the box is right, and the class is wrong',
  localization: 'the class is right, and the box overlaps by a tenth to a half',
  both: 'the class is wrong, and the box overlaps by a tenth to a half',
  duplicate: 'an object that is found already',
  background: 'nothing is there',
  missed: 'an object that no detection is near',
} as const
export type ErrorKind = keyof typeof ERROR_KINDS

/** What a detection is; undefined for one in a crowd, which counts for nothing. */
export interface JudgedImage {
  readonly kinds: readonly (ErrorKind | undefined)[]
  /** The places of the objects that no detection is near. */
  readonly missed: readonly number[]
}

/** Judges the detections of an image, the surest first. */
export const judgeImage = ({ truth, found }: EvaluatedImage): JudgedImage => {
  const kinds: (ErrorKind | undefined)[] = Array.from(found.labels, () => undefined)
  const objects = [...truth.labels.keys()]
  const isTaken = new Set<number>()
  const isNear = new Set<number>()
  const order = [...found.scores.keys()].filter(d => found.scores[d] >= SURE)
  order.sort((a, b) => found.scores[b] - found.scores[a])
  for (const d of order) {
    const overlaps = objects.map(g =>
      overlap(found.boxes, d, truth.boxes, g, truth.crowds[g] === 1),
    )
    /** The object that it overlaps most, of its own class or of others. */
    const best = (isOwn: boolean, isFree = false): number =>
      objects
        .filter(g => (truth.labels[g] === found.labels[d]) === isOwn && truth.crowds[g] === 0)
        .filter(g => !isFree || !isTaken.has(g))
        .reduce((most, g) => (overlaps[g] > (overlaps[most] ?? 0) ? g : most), -1)
    const isInCrowd = objects.some(
      g => truth.crowds[g] === 1 && truth.labels[g] === found.labels[d] && overlaps[g] >= RIGHT,
    )
    const [free, own, other] = [best(true, true), best(true), best(false)]
    const at = (g: number): number => overlaps[g] ?? 0
    const claim = (kind: ErrorKind, g: number): ErrorKind => {
      isNear.add(g)
      return kind
    }
    if (at(free) >= RIGHT) {
      isTaken.add(free)
      kinds[d] = claim('right', free)
    } else if (isInCrowd) kinds[d] = undefined
    else if (at(own) >= RIGHT) kinds[d] = 'duplicate'
    else if (at(other) >= RIGHT) kinds[d] = claim('classification', other)
    else if (at(own) >= NEAR) kinds[d] = claim('localization', own)
    else kinds[d] = at(other) >= NEAR ? 'both' : 'background'
  }
  return { kinds, missed: objects.filter(g => truth.crowds[g] === 0 && !isNear.has(g)) }
}
