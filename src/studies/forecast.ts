/** How long a study will take: a few steps of each variant, measured on this machine. */

import type { Dataset } from '../data/dataset.ts'
import { type Pace, secondsAt } from '../runs/pace.ts'
import type { EpochRow } from '../train/epochRow.ts'
import type { Plan, PlannedRun } from './plan.ts'
import { progressOf } from './progress.ts'

export interface VariantForecast {
  readonly id: string
  readonly name: string
  /** In seconds. */
  readonly pace: Pace
  /** One whole run. */
  readonly run: number
  /** Epochs that are still to be trained, over all seeds. */
  readonly epochsLeft: number
  /** What is left, over all seeds, if run one after the other. */
  readonly left: number
}

export interface Forecast {
  readonly variants: readonly VariantForecast[]
  readonly jobs: number
  /** Seconds for what is left, with so many at a time. */
  readonly total: number
}

export interface ForecastOptions {
  readonly jobs: number
  readonly train: Dataset
  readonly test: Dataset
  measure(run: PlannedRun): Promise<Pace>
  onVariant?(name: string): void
}

const epochsLeft = (history: readonly EpochRow[], epochs: number): number =>
  Math.max(0, epochs - history.length)

export const forecast = async (
  { variants, runs }: Plan,
  { jobs, train, test, measure, onVariant }: ForecastOptions,
): Promise<Forecast> => {
  const rows: VariantForecast[] = []
  const left: number[] = []
  for (const variant of variants) {
    onVariant?.(variant.name)
    const own = runs.filter(run => run.variant === variant)
    const pace = await measure(own[0])
    const { batch, epochs: all } = own[0].config.recipe
    const seconds = (epochs: number): number => secondsAt(pace, { epochs, batch }, train, test)
    const remaining = await Promise.all(
      own.map(async run => {
        const { finished, history } = await progressOf(run)
        return finished ? undefined : epochsLeft(history, all)
      }),
    )
    const times = remaining.flatMap(count => (count === undefined ? [] : [seconds(count)]))
    left.push(...times)
    rows.push({
      id: variant.id,
      name: variant.name,
      pace,
      run: seconds(all),
      epochsLeft: remaining.reduce<number>((sum, count = 0) => sum + count, 0),
      left: times.reduce((sum, time) => sum + time, 0),
    })
  }
  const sum = left.reduce((total, time) => total + time, 0)
  return { variants: rows, jobs, total: Math.max(sum / jobs, ...left, 0) }
}
