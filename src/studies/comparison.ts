/** What a paper prints of a network, and what ours counts of the same, counted as the paper does. */

import { model } from '../models/registry.ts'
import { summarize } from '../models/summary.ts'
import type { Published } from './published.ts'

export interface Compared extends Published {
  readonly ours: {
    /** Running statistics among them where the paper has them. */
    readonly parameters: number
    /** Convolutions and fully connected layers alone, and all operations: papers count in between. */
    readonly multiplyAdds: number
    readonly allOperations: number
  }
  /** Whether what is printed is ours, rounded. */
  readonly agrees: { readonly parameters: boolean; readonly multiplyAdds: boolean }
}

/** Half of the last digit printed, and so much more that a count on the edge may go to either side. */
const rounding = (printed: string): number =>
  0.5 * 10 ** -(printed.split('.')[1]?.length ?? 0) + 1e-12

/** @param scale - what the printed figure is in */
const within = (printed: string | undefined, scale: number, least: number, most = least): boolean =>
  printed === undefined ||
  (Number(printed) >= least / scale - rounding(printed) &&
    Number(printed) <= most / scale + rounding(printed))

export const compared = (name: string, published: Published): Compared => {
  const { options = {}, size, statistics = false } = published
  const built = model(name, options)
  const side = size ?? built.size
  const { parameters, buffers, multiplyAdds, allOperations } = summarize(built, [side, side])
  const ours = { parameters: parameters + (statistics ? buffers : 0), multiplyAdds, allOperations }
  return {
    ...published,
    ours,
    agrees: {
      parameters: within(published.parameters, 1e6, ours.parameters),
      multiplyAdds: within(published.multiplyAdds, 1e9, multiplyAdds, allOperations),
    },
  }
}
