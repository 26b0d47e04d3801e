/** The networks of a study, built once before anything runs: so that what cannot be is said first. */

import type { Dataset } from '../data/dataset.ts'
import { ExciteError } from '../errors/index.ts'
import { type Model, networkOf } from '../models/registry.ts'
import { summarize } from '../models/summary.ts'
import type { Config } from '../train/config.ts'
import type { Plan } from './plan.ts'
import type { Cost } from './results.ts'

/** A run's network, for the images of the data. */
export const networkFor = (config: Config, { classes, shape: [channels] }: Dataset): Model =>
  networkOf(config, { classes: classes.length, channels })

/** A plan whose networks fit the images, with their costs. */
export interface Fitted {
  /** With those variants only whose networks can take the images. */
  readonly plan: Plan
  /** What each costs for them, by the variant's id. */
  readonly costs: Readonly<Record<string, Cost>>
}

/**
 * Builds every network for the images of the data.
 * @throws UsageError or GraphError when the baseline cannot take them
 */
export const fitPlan = (plan: Plan, data: Dataset): Fitted => {
  const [, height, width] = data.shape
  const costs: Record<string, Cost> = {}
  const unfit: { variant: Plan['baseline']; reason: string }[] = []
  for (const variant of plan.variants) {
    const config = plan.runs.find(run => run.variant === variant)?.config ?? plan.runs[0].config
    try {
      const { parameters, multiplyAdds } = summarize(networkFor(config, data), [height, width])
      costs[variant.id] = { parameters, multiplyAdds }
    } catch (error) {
      if (!(error instanceof ExciteError) || variant === plan.baseline) throw error
      unfit.push({ variant, reason: error.message })
    }
  }
  const fits = (variant: Plan['baseline']): boolean => Object.hasOwn(costs, variant.id)
  return {
    plan: {
      ...plan,
      variants: plan.variants.filter(fits),
      runs: plan.runs.filter(({ variant }) => fits(variant)),
      leftOut: [...plan.leftOut, ...unfit],
    },
    costs,
  }
}
