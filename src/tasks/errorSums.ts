/** How far predicted numbers are from true ones: mean absolute and root mean square error, and R². */

import type { Dataset } from '../data/dataset.ts'
import type { Gathered } from './task.ts'
import { valuesOf } from './values.ts'

/** Of one number that is predicted. */
export type ErrorMeasures = Readonly<Record<'count' | 'mae' | 'rmse' | 'r2', number>>

const NAMES = ['absolute', 'square', 'truth', 'truthSquare'] as const

/**
 * Gathers errors image by image, as sums.
 * @param center - about what true numbers are, so that their variance does not drown in their mean
 */
export const errorSums = (data: Dataset, center: readonly number[]) => {
  const values = valuesOf(data)
  const sums = NAMES.map(() => center.map(() => 0))
  const [absolute, square, truth, truthSquare] = sums
  let count = 0
  return {
    /** @returns the errors of the image */
    add: (predicted: readonly number[], index: number): readonly number[] => {
      count++
      return predicted.map((value, k) => {
        const own = values[index][k]
        const error = value - own
        absolute[k] += Math.abs(error)
        square[k] += error * error
        truth[k] += own - center[k]
        truthSquare[k] += (own - center[k]) ** 2
        return error
      })
    },
    merge: (gathered: Gathered): void => {
      count += Number(gathered.count)
      for (const [i, name] of NAMES.entries())
        for (const [k, sum] of (gathered[name] as readonly number[]).entries()) sums[i][k] += sum
    },
    gathered: (): Gathered => ({
      count,
      ...Object.fromEntries(NAMES.map((name, i) => [name, [...sums[i]]])),
    }),
    /** R² is 1 − Σ(ŷ − y)²/Σ(y − ȳ)², and 0 where no y differs. */
    measures: (): readonly ErrorMeasures[] =>
      center.map((_, k) => {
        const spread = truthSquare[k] - (truth[k] * truth[k]) / count
        return {
          count,
          mae: absolute[k] / count,
          rmse: Math.sqrt(square[k] / count),
          r2: spread > 0 ? 1 - square[k] / spread : 0,
        }
      }),
  }
}
