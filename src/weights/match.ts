/** Which tensor of a file is which of a network's: by the naming that fits best, differences all at once. */

import { formatShape, WeightError } from '../errors/index.ts'
import type { Shape } from '../graph/index.ts'
import type { Model } from '../models/registry.ts'
import { type Variable, variables } from '../nn/index.ts'
import { NAMINGS, renamed } from './names/index.ts'
import type { Naming } from './names/naming.ts'
import type { Entry } from './stored.ts'

/** A tensor of the file under its name there. */
interface Source {
  readonly name: string
  readonly entry: Entry
}

/** A file's tensors under the names of this project. */
export interface Named {
  readonly naming: Naming
  readonly sources: ReadonlyMap<string, Source>
  /** Names here that two tensors of the file would have, and theirs. */
  readonly clashes: readonly { readonly name: string; readonly theirs: readonly string[] }[]
}

export const nameBy = (naming: Naming, entries: ReadonlyMap<string, Entry>): Named => {
  const sources = new Map<string, Source>()
  const clashes: { name: string; theirs: string[] }[] = []
  for (const [name, entry] of entries) {
    const own = renamed(naming, name)
    if (own === undefined) continue
    const other = sources.get(own)
    if (other !== undefined) clashes.push({ name: own, theirs: [other.name, name] })
    else sources.set(own, { name, entry })
  }
  return { naming, sources, clashes }
}

const hits = ({ sources }: Named, all: readonly Variable[]): number =>
  all.filter(({ name }) => sources.has(name)).length

/**
 * The naming by which most of a network's tensors are in the file.
 * @throws WeightError when two tensors of the file are one by it
 */
export const bestNaming = (
  entries: ReadonlyMap<string, Entry>,
  modelFor: (naming: Naming) => Model,
  file: string,
): Named => {
  const scored = NAMINGS.map(naming => {
    const named = nameBy(naming, entries)
    const all = variables(modelFor(naming).network)
    const found = hits(named, all)
    const size = named.sources.size + named.clashes.length
    return { named, score: found / Math.max(all.length, size) }
  })
  const { named } = scored.reduce((best, next) => (next.score > best.score ? next : best))
  if (named.clashes.length > 0)
    throw new WeightError({
      where: file,
      expected: `one tensor for ${named.clashes.map(({ name }) => name).join(', ')}`,
      got: named.clashes.map(({ theirs }) => theirs.join(' and ')).join('; '),
    })
  return named
}

/** A fully connected layer and a 1×1 convolution hold the same numbers. */
export const fits = (found: Shape, wanted: Shape): boolean => {
  const bare = (shape: Shape): string => shape.join().replace(/(?:,1)+$/, '')
  return bare(found) === bare(wanted)
}

/** More than any network has; a file of a million stray names is not to be a message. */
const LISTED = 2000

/**
 * The network's tensors, taken from the file.
 * @param nearest - what may be said of the network that they are of, when so many do not fit
 * @throws WeightError that lists all that are missing, unexpected and misshapen
 */
export const take = (
  { naming, sources }: Named,
  { name: model, network }: Model,
  file: string,
  nearest: (misfits: number) => string | undefined = () => undefined,
): Map<string, Float32Array> => {
  const all = variables(network)
  const known = new Set(all.map(({ name }) => name))
  const problems = [
    ...all.flatMap(({ name, tensor: { shape } }) => {
      const source = sources.get(name)
      if (source === undefined) return [`${name} ${formatShape(shape)} missing`]
      const { shape: found } = source.entry
      return fits(found, shape)
        ? []
        : [`${source.name} ${formatShape(found)} instead of ${formatShape(shape)}`]
    }),
    ...[...sources].flatMap(([own, { name, entry }]) =>
      known.has(own) ? [] : [`${name} ${formatShape(entry.shape)} unexpected`],
    ),
  ]
  if (problems.length > 0) {
    const more = problems.length - LISTED
    throw new WeightError({
      where: file,
      expected: `the ${all.length} tensors of ${model}`,
      got: `${problems.length} that do not fit: ${problems.slice(0, LISTED).join('; ')}${more > 0 ? `; and ${more} more` : ''}`,
      context: `names read as ${naming.name}'s`,
      hint: [
        nearest(problems.length),
        'Check --model, --attention and what varies it, such as --stem, against what the weights were made for',
      ]
        .filter(text => text !== undefined)
        .join('. '),
    })
  }
  return new Map(
    all.map(({ name }) => [name, sources.get(name)?.entry.read() ?? new Float32Array()]),
  )
}
