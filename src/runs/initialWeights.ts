/**
 * First weights fitted to the network that is trained. A classifier for other classes begins anew; so
 * does an attention that the file's network does not have, while all else goes to where it stands in
 * the network with it.
 */

import { formatShape, WeightError } from '../errors/index.ts'
import type { Shape } from '../graph/index.ts'
import { type Model, model } from '../models/registry.ts'
import { compareTensors, listed, type Variable, variables } from '../nn/index.ts'
import type { Config } from '../train/config.ts'
import { headOf, isBelow } from '../train/freeze.ts'
import { FLOATS, type StoredTensor } from '../weights/safetensors.ts'
import { backboneOf, type FirstWeights } from './firstWeights.ts'

export interface Adopted {
  /** By the network's own names; what is not here begins as initialized. */
  readonly tensors: ReadonlyMap<string, Float32Array>
  /** Names that the file had nothing for. */
  readonly fresh: readonly string[]
}

/** Each variable's name in the file: its own, or that of the same network without attention. */
const namesIn = (
  target: Model,
  plain: () => Model,
  stored: ReadonlyMap<string, StoredTensor>,
): ReadonlyMap<string, string> => {
  const all = variables(target.network)
  const own = new Map(all.map(({ name }) => [name, name]))
  const extras = all.filter(({ role }) => role !== undefined)
  if (extras.length === 0 || extras.some(({ name }) => stored.has(name))) return own
  // An attention before a convolution renames it; their order is the same with it and without.
  const rest = all.filter(({ role }) => role === undefined)
  const bare = variables(plain().network)
  const same = (a: Variable, b: Variable | undefined): boolean =>
    b !== undefined && formatShape(a.tensor.shape) === formatShape(b.tensor.shape)
  if (rest.length !== bare.length || !rest.every((one, i) => same(one, bare[i]))) return own
  return new Map(rest.map(({ name }, i) => [name, bare[i].name]))
}

/** Names of classes in the order of logits: the file's, and those that are trained for. */
interface Classes {
  readonly known: readonly string[]
  readonly wanted: readonly string[]
}

/** Where classes have no names, they have numbers. */
const areNamed = (names: readonly string[]): boolean => names.some((name, i) => name !== `${i}`)

/** The row of each class in the file's classifier; none where that is for other classes. */
const rowsOf = (
  rows: number,
  count: number,
  classes: Classes | undefined,
): readonly number[] | undefined => {
  if (classes !== undefined && areNamed(classes.known)) {
    const found = classes.wanted.map(name => classes.known.indexOf(name))
    return found.includes(-1) ? undefined : found
  }
  return rows === count ? [...new Array(rows).keys()] : undefined
}

/** These rows of a tensor. */
const gathered = ({ shape, data, dtype }: StoredTensor, rows: readonly number[]): StoredTensor => {
  const all = data as Float32Array
  const size = all.length / shape[0]
  const chosen = new Float32Array(rows.length * size)
  for (const [i, row] of rows.entries())
    chosen.set(all.subarray(row * size, (row + 1) * size), i * size)
  return { dtype, shape: [rows.length, ...shape.slice(1)], data: chosen }
}

/** Takes what fits; lists everything that does not. */
export const adopt = (
  stored: ReadonlyMap<string, StoredTensor>,
  target: Model,
  plain: () => Model,
  file: string,
  classes?: Classes,
): Adopted => {
  const names = namesIn(target, plain, stored)
  const head = headOf(target)
  const headWeight = stored.get(names.get(`${head}.weight`) ?? '')
  const rows = headWeight && rowsOf(headWeight.shape[0], target.classes, classes)
  const newHead = headWeight !== undefined && rows === undefined
  const found = new Map([...stored].filter(([name]) => !name.endsWith('num_batches_tracked')))
  const fresh: string[] = []
  const needed: { readonly own: string; readonly name: string; readonly shape: Shape }[] = []
  for (const { name: own, tensor, role } of variables(target.network)) {
    const name = names.get(own)
    const inHead = isBelow(own, head)
    const whole = name === undefined ? undefined : found.get(name)
    if (name !== undefined && newHead && inHead) found.delete(name)
    else if (name !== undefined && whole && inHead && rows) found.set(name, gathered(whole, rows))
    if ((newHead && inHead) || (name === undefined && role !== undefined)) fresh.push(own)
    else needed.push({ own, name: name ?? own, shape: tensor.shape })
  }
  const problems = compareTensors(needed, found, { dtypes: FLOATS })
  if (problems.length > 0)
    throw new WeightError({
      where: file,
      expected: `weights for ${target.name}, or for it without attention`,
      got: listed(problems),
    })
  const tensors = needed.map(({ own, name }): [string, Float32Array] => [
    own,
    Float32Array.from((found.get(name)?.data ?? []) as Float32Array),
  ])
  return { tensors: new Map(tensors), fresh }
}

/**
 * What is trained, where the weights' own network says what was left open: how the same backbone
 * varies, the attention of the same name, and how images are prepared.
 */
export const continued = (given: Config, { card }: FirstWeights): Config => {
  if (card === undefined) return given
  const { mean, std } = card
  const same = backboneOf(card.model) === backboneOf(given.model)
  const variations = { ...(same ? card.variations : {}), ...given.variations }
  const attention = given.attention ?? (card.model === given.model ? card.attention : undefined)
  return {
    ...given,
    ...(Object.keys(variations).length === 0 ? {} : { variations }),
    ...(attention === undefined ? {} : { attention }),
    normalization: { mean, std },
  }
}

/**
 * Fits first weights to a network. Where the file's card names its classes, those of `wanted` that it
 * knows keep their rows of the classifier, in whatever order they stand.
 * @param wanted - names of the classes in the order of the network's logits
 * @throws WeightError for another network's, with all that does not fit
 */
export const adoptInto = (
  target: Model,
  { file, stored, card }: FirstWeights,
  wanted?: readonly string[],
): Adopted => {
  const { classes, channels, name, variations } = target
  const plain = (): Model => model(name, { classes, channels, attention: 'none', ...variations })
  const named = card !== undefined && wanted !== undefined
  return adopt(stored, target, plain, file, named ? { known: card.classes, wanted } : undefined)
}
