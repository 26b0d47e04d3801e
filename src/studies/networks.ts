/** The networks of a study, built once before anything runs: so that what cannot be is said first. */

import type { Dataset } from '../data/dataset.ts'
import { summarize } from '../inspect/summary.ts'
import { type Model, model } from '../models/registry.ts'
import type { Config } from '../train/config.ts'
import type { Plan } from './plan.ts'
import type { Cost } from './results.ts'

export const networkOf = ({ model: name, attention, strideIn }: Config, data: Dataset): Model =>
  model(name, {
    classes: data.classes.length,
    channels: data.shape[0],
    ...(attention === undefined ? {} : { attention }),
    ...(strideIn === undefined ? {} : { strideIn }),
  })

/**
 * What each variant costs, for the pictures of the data, by its id.
 * @throws UsageError or GraphError for a network that cannot take these pictures
 */
export const costsOf = ({ runs, seeds }: Plan, data: Dataset): Record<string, Cost> => {
  const [, height, width] = data.shape
  return Object.fromEntries(
    runs
      .filter(({ seed }) => seed === seeds[0])
      .map(({ variant, config }) => {
        const { parameters, multiplyAdds } = summarize(networkOf(config, data), [height, width])
        return [variant.id, { parameters, multiplyAdds }]
      }),
  )
}
