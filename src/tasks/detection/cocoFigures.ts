/** COCO's twelve figures, of some classes or of one. */

import type { ClassCurves } from './cocoEvaluation.ts'
import { AREA_RANGES } from './match.ts'

/** Each a mean over overlaps of 0.5 to 0.95 and classes, but where its name says one; −1 where no object counts. */
export type CocoFigures = {
  /** Average precision. */
  readonly ap: number
  /** That at an overlap of 0.5. */
  readonly ap50: number
  /** That at an overlap of 0.75. */
  readonly ap75: number
  /** That of objects of less than 32² pixels, of up to 96², and of more. */
  readonly apSmall: number
  /** See `apSmall`. */
  readonly apMedium: number
  /** See `apSmall`. */
  readonly apLarge: number
  /** Average recall with one detection of a class in an image. */
  readonly ar1: number
  /** That with ten. */
  readonly ar10: number
  /** That with a hundred. */
  readonly ar100: number
  /** That with a hundred, by size as for precision. */
  readonly arSmall: number
  /** See `arSmall`. */
  readonly arMedium: number
  /** See `arSmall`. */
  readonly arLarge: number
}

/** The names of the figures as COCO's tables have them. */
export const FIGURE_NAMES: Readonly<Record<keyof CocoFigures, string>> = {
  ap: 'AP',
  ap50: 'AP50',
  ap75: 'AP75',
  apSmall: 'APs',
  apMedium: 'APm',
  apLarge: 'APl',
  ar1: 'AR1',
  ar10: 'AR10',
  ar100: 'AR100',
  arSmall: 'ARs',
  arMedium: 'ARm',
  arLarge: 'ARl',
}

const mean = (parts: readonly Float64Array[]): number => {
  let [sum, count] = [0, 0]
  for (const values of parts) {
    for (const value of values) sum += value
    count += values.length
  }
  return count === 0 ? -1 : sum / count
}

const RANGES = Object.keys(AREA_RANGES)

/** The figures of all classes together, or of one where only its curves are given. */
export const cocoFigures = (classes: readonly ClassCurves[]): CocoFigures => {
  const ranges = (name: keyof typeof AREA_RANGES) =>
    classes.map(ranges => ranges[RANGES.indexOf(name)]).filter(({ counted }) => counted > 0)
  const precision = (name: keyof typeof AREA_RANGES) =>
    mean(ranges(name).flatMap(({ precisions }) => precisions))
  const precisionAt = (threshold: number) =>
    mean(ranges('all').map(({ precisions }) => precisions[threshold]))
  const recall = (name: keyof typeof AREA_RANGES, most: number) =>
    mean(ranges(name).map(({ recalls }) => recalls[most]))
  return {
    ap: precision('all'),
    ap50: precisionAt(0),
    ap75: precisionAt(5),
    apSmall: precision('small'),
    apMedium: precision('medium'),
    apLarge: precision('large'),
    ar1: recall('all', 0),
    ar10: recall('all', 1),
    ar100: recall('all', 2),
    arSmall: recall('small', 2),
    arMedium: recall('medium', 2),
    arLarge: recall('large', 2),
  }
}
