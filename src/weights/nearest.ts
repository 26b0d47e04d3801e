/** Which network of the list a file's tensors are of, when it is not known, or said wrongly. */

import type { Shape } from '../graph/index.ts'
import { modelNames, networkOf } from '../models/registry.ts'
import { type Variable, variables } from '../nn/index.ts'
import { fits, nameBy } from './match.ts'
import { NAMINGS, ownNetwork } from './names/index.ts'
import type { Entry } from './stored.ts'

interface Candidate {
  readonly model: string
  /** Tensors that are missing, unexpected or misshapen. */
  readonly misfits: number
  /** Of all that there are in either. */
  readonly share: number
}

/** Sizes that a network may have of its own: of colors, up to the first convolution, and of classes. */
const isFree = (i: number, all: readonly Variable[]): boolean => {
  const first = all.findIndex(
    ({ name, tensor: { shape } }) => name.endsWith('weight') && shape.length === 4,
  )
  return i <= first || i >= all.length - 2
}

const compare = (
  model: string,
  all: readonly Variable[],
  shapes: ReadonlyMap<string, Shape>,
): Candidate => {
  const fitting = all.filter(({ name, tensor }, i) => {
    const found = shapes.get(name)
    return found !== undefined && (isFree(i, all) || fits(found, tensor.shape))
  }).length
  const union = all.length + shapes.size - all.filter(({ name }) => shapes.has(name)).length
  return { model, misfits: union - fitting, share: (union - fitting) / union }
}

/** Of every listed network under every naming, those that the fewest tensors do not fit. */
export const nearestModels = (entries: ReadonlyMap<string, Entry>): readonly Candidate[] => {
  const named = NAMINGS.map(naming => {
    const shapes = [...nameBy(naming, entries).sources].map(
      ([name, { entry }]): [string, Shape] => [name, entry.shape],
    )
    return { naming, shapes: new Map(shapes) }
  })
  const all = modelNames.flatMap(model => {
    const networks = new Map<string, readonly Variable[]>()
    return named
      .map(({ naming, shapes }) => {
        const record = { model, ...ownNetwork(naming, model) }
        const key = JSON.stringify([record.attention, record.variations])
        const built = networks.get(key) ?? variables(networkOf(record).network)
        networks.set(key, built)
        return compare(model, built, shapes)
      })
      .toSorted((a, b) => a.share - b.share)
      .slice(0, 1)
  })
  const least = Math.min(...all.map(({ share }) => share))
  return all.filter(({ share }) => share === least)
}

/** Fewer that fit than this say nothing of what the network is. */
const LIKENESS = 0.5
/** More than any network here has: not worth the time. */
const MOST_TENSORS = 20_000

/**
 * What to say of a file's tensors to whoever looks for their network.
 * @param known - how many of them do not fit the network that was asked for
 */
export const modelHint = (
  entries: ReadonlyMap<string, Entry>,
  known = Number.POSITIVE_INFINITY,
): string | undefined => {
  if (entries.size > MOST_TENSORS) return undefined
  const found = nearestModels(entries)
  const [{ misfits, share }] = found
  if (share > LIKENESS || misfits >= known) return undefined
  const names = found.map(({ model }) => model).join(' or ')
  return misfits === 0
    ? `These are the tensors of ${names}: --model ${found[0].model}`
    : `The nearest is ${names}, which ${misfits} do not fit`
}
