/** Which tensor of a file is which of a network's: by the naming that fits best, differences all at once. */

import { WeightError } from '../errors/index.ts'
import { type Shape, sizeOf } from '../graph/index.ts'
import type { Model } from '../models/registry.ts'
import { compareTensors, listed, variables } from '../nn/index.ts'
import { bareNames, NAMINGS, renamed } from './names/index.ts'
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

/** A file's tensors by every naming that may be theirs; lone numbers are no weights. */
export const namings = (entries: ReadonlyMap<string, Entry>): readonly Named[] => {
  const tensors = [...entries].filter(([, { shape }]) => shape.length > 0)
  const bare = bareNames(tensors.map(([name]) => name))
  const names = [...new Set(bare.values())]
  return NAMINGS.filter(({ sign }) => !sign || names.some(name => sign.test(name))).map(naming => {
    const own = renamed(naming, names)
    const sources = new Map<string, Source>()
    const clashes: { name: string; theirs: string[] }[] = []
    for (const [name, entry] of tensors) {
      const ours = own.get(bare.get(name) ?? '')
      if (ours === undefined) continue
      const other = sources.get(ours)
      if (other !== undefined) clashes.push({ name: ours, theirs: [other.name, name] })
      else sources.set(ours, { name, entry })
    }
    return { naming, sources, clashes }
  })
}

/**
 * The naming by which most of a network's tensors are in the file.
 * @throws WeightError when two tensors of the file are one by it
 */
export const bestNaming = (
  entries: ReadonlyMap<string, Entry>,
  modelFor: (named: Named) => Model,
  file: string,
): Named => {
  const scored = namings(entries).map(named => {
    const { sources, clashes } = named
    const all = variables(modelFor(named).network)
    const found = all.filter(({ name }) => sources.has(name)).length
    return { named, score: found / Math.max(all.length, sources.size + clashes.length) }
  })
  const { named } = scored.reduce((best, next) => (next.score > best.score ? next : best))
  if (named.clashes.length > 0)
    throw new WeightError({
      where: file,
      expected: `one tensor for ${listed(named.clashes.map(({ name }) => name))}`,
      got: listed(named.clashes.map(({ theirs }) => theirs.join(' and '))),
    })
  return named
}

/** A fully connected layer holds the same numbers as a convolution of the whole map, or of one pixel. */
export const fits = (found: Shape, wanted: Shape): boolean => {
  const bare = (shape: Shape): string => shape.join().replace(/(?:,1)+$/, '')
  const isMatrix = wanted.length === 2 && found[0] === wanted[0]
  return bare(found) === bare(wanted) || (isMatrix && sizeOf(found) === sizeOf(wanted))
}

/** Tensors with values that no training means: NaN, infinity, and running variances below zero. */
const invalid = (tensors: ReadonlyMap<string, Float32Array>): readonly string[] =>
  [...tensors].flatMap(([name, data]) => {
    if (!data.every(Number.isFinite)) return [`${name} with values that are not finite`]
    return name.endsWith('running_var') && data.some(value => value < 0)
      ? [`${name} with variances below zero`]
      : []
  })

/**
 * The network's tensors, taken from the file.
 * @param absent - names that need not be there
 * @param nearest - the network that they are of, when so many do not fit, as the end of a sentence
 * @throws WeightError that lists what is missing, unexpected, misshapen or not finite
 */
export const take = (
  { naming, sources }: Named,
  { name: model, network }: Model,
  file: string,
  absent: readonly string[] = [],
  nearest: (misfits: number) => string | undefined = () => undefined,
): Map<string, Float32Array> => {
  const wanted = variables(network)
    .filter(({ name }) => !absent.includes(name))
    .map(({ name, tensor: { shape } }) => ({ name, shape }))
  const found = [...sources].map(
    ([own, { name, entry }]) => [own, { shape: entry.shape, source: name }] as const,
  )
  const problems = compareTensors(wanted, new Map(found), { fits })
  if (problems.length > 0) {
    const other = nearest(problems.length)
    throw new WeightError({
      where: file,
      expected: `the ${wanted.length} tensors of ${model}`,
      got: `${other === undefined ? '' : `${other}; `}${problems.length} that do not fit: ${listed(problems)}`,
      context: `names read as ${naming.name}'s`,
      hint: 'Check the model, its attention and its variations against what the weights were made for',
    })
  }
  const tensors = new Map(
    wanted.map(({ name }) => [name, sources.get(name)?.entry.read() ?? new Float32Array()]),
  )
  const unfit = invalid(tensors)
  if (unfit.length > 0)
    throw new WeightError({
      where: file,
      expected: 'finite weights, and running variances from zero',
      got: listed(unfit),
      hint: 'The training that saved them had diverged: use an earlier checkpoint',
    })
  return tensors
}
