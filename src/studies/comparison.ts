/** What a paper prints of a network, and what ours counts of the same, counted as the paper does. */

import { model } from '../models/registry.ts'
import { summarize } from '../models/summary.ts'
import { multiplyAdds } from '../text/numbers.ts'
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

/** What a paper's network has otherwise than the one that goes by the name. */
const variation = ({ options, size = 0 }: Published, usual: number): string => {
  const { attention, ...rest } = options ?? {}
  const all = [attention, ...Object.entries(rest).map(([key, value]) => `${key} ${value}`)]
  if (size > 0 && size !== usual) all.push(`at ${size}²`)
  return all.filter(text => text !== undefined).join(', ')
}

/** Figures as papers print them. */
export const millions = (figure: string | undefined): string => (figure ? `${figure} M` : '')
export const billions = (figure: string | undefined): string => (figure ? `${figure} G` : '')

const digitsOf = (printed: string): number => printed.split('.')[1]?.length ?? 0

/** Ours; both ends of what a paper may count where convolutions alone are not what it prints. */
const oursText = ({ ours, parameters, multiplyAdds: cost }: Compared): string => {
  const { multiplyAdds: least, allOperations: most } = ours
  const texts = parameters === undefined ? [] : [`${(ours.parameters / 1e6).toFixed(2)} M`]
  if (cost === undefined) return texts.join()
  const digits = digitsOf(cost)
  const alone = (least / 1e9).toFixed(digits) === cost
  const range = [least, most].map(value => (value / 1e9).toFixed(Math.max(3, digits))).join(' to ')
  return [...texts, alone ? multiplyAdds(least) : `${range} G`].join(', ')
}

/** A published figure that needs words: another variation, or a difference. */
export const differenceTexts = (name: string, size: number, one: Compared): readonly string[] => {
  const of = variation(one, size)
  if (of === '' && one.difference === undefined) return []
  const figures = [millions(one.parameters), billions(one.multiplyAdds)].filter(text => text !== '')
  const network = of === '' ? name : `${name} (${of})`
  const why = one.difference === undefined ? '' : `; ${one.difference}`
  return [`${network}: ${oursText(one)}; ${one.source}: ${figures.join(', ')}${why}`]
}
