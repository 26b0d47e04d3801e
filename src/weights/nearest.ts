/** Which network of the list a file's tensors are of, when it is not known, or said wrongly. */

import type { Shape } from '../graph/index.ts'
import { modelNames, networkOf } from '../models/registry.ts'
import { type Variable, variables } from '../nn/index.ts'
import { fits, namings } from './match.ts'
import type { Entry } from './stored.ts'
import { networkIn } from './told.ts'

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
  const named = namings(entries).map(named => {
    const shapes = [...named.sources].map(([name, { entry }]): [string, Shape] => [
      name,
      entry.shape,
    ])
    return { named, shapes: new Map(shapes) }
  })
  const all = modelNames.flatMap(model => {
    const networks = new Map<string, readonly Variable[]>()
    return named
      .map(({ named, shapes }) => {
        const record = networkIn(named, { model })
        const key = JSON.stringify(record)
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

/** The networks whose tensors a file's are, or are nearest to; none where nothing is near. */
export const likelyModels = (entries: ReadonlyMap<string, Entry>): readonly Candidate[] => {
  if (entries.size > MOST_TENSORS) return []
  const found = nearestModels(entries)
  return found[0].share > LIKENESS ? [] : found
}

/** What a file's tensors are, as the end of a sentence. */
export const described = (found: readonly Candidate[]): string => {
  const names = found.map(({ model }) => model).join(' or ')
  if (found.length === 0) return 'tensors of no network here'
  const { misfits } = found[0]
  return misfits === 0
    ? `the tensors of ${names}`
    : `tensors nearest to those of ${names}, which ${misfits} do not fit`
}
