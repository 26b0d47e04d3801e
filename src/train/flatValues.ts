/** Arithmetic on all parameters, or all their gradients, as one flat value. */

import { gradients } from '../autodiff/index.ts'
import type { Value } from '../graph/index.ts'
import { add, clip, concat, div, mul, reshape, split, zeros } from '../ops/index.ts'
import type { Entry, Layout } from './layout.ts'

/** Consecutive entries of a flat vector that all pass a test, or all fail it. */
interface Stretch {
  readonly passes: boolean
  size: number
  readonly entries: Entry[]
}

const stretchesOf = ({ entries }: Layout, test: (entry: Entry) => boolean): readonly Stretch[] => {
  const all: Stretch[] = []
  for (const entry of entries) {
    const passes = test(entry)
    const last = all.at(-1)
    if (last?.passes === passes) {
      last.size += entry.size
      last.entries.push(entry)
    } else all.push({ size: entry.size, passes, entries: [entry] })
  }
  return all
}

const joined = (pieces: readonly Value[]): Value =>
  pieces.length === 1 ? pieces[0] : concat(pieces, 0)

const flat = (value: Value, { size }: Entry): Value => reshape(value, [size])

/** Tensors by name as one flat value. */
export const flatten = ({ entries }: Layout, tensor: (name: string) => Value): Value =>
  concat(
    entries.map(entry => flat(tensor(entry.name), entry)),
    0,
  )

/** The gradient of a loss; zero where parameters are frozen. */
export const flatGradient = (
  loss: Value,
  table: Layout,
  tensors: ReadonlyMap<string, Value>,
  frozen: ReadonlySet<string>,
): Value => {
  const trained = table.entries.filter(({ name }) => !frozen.has(name))
  const values = trained.map(({ name }) => tensors.get(name) as Value)
  const found = new Map(gradients(loss, values).map((value, i) => [trained[i].name, value]))
  return joined(
    stretchesOf(table, ({ name }) => frozen.has(name)).flatMap(({ passes, size, entries }) =>
      passes ? [zeros([size])] : entries.map(entry => flat(found.get(entry.name) as Value, entry)),
    ),
  )
}

/** A gradient scaled down to an L2 norm of at most `longest`. */
export const clipByNorm = (gradient: Value, norm: Value, longest: number): Value =>
  mul(gradient, clip(div(longest, add(norm, 1e-6)), 0, 1))

/** The coefficient times each parameter that decays, and zero for the others. */
export const decayTerm = (
  parameters: Value,
  table: Layout,
  decays: (entry: Entry) => boolean,
  coefficient: number,
): Value => {
  const stretches = stretchesOf(table, decays)
  if (coefficient === 0 || !stretches.some(({ passes }) => passes)) return zeros(parameters.shape)
  if (stretches.length === 1) return mul(parameters, coefficient)
  const sizes = stretches.map(({ size }) => size)
  const pieces = split(parameters, sizes, 0)
  return joined(
    stretches.map(({ size, passes }, i) => (passes ? mul(pieces[i], coefficient) : zeros([size]))),
  )
}

/** The exponential moving average d·average + (1 − d)·parameters. */
export const ema = (average: Value, parameters: Value, decay: number): Value =>
  add(mul(average, decay), mul(parameters, 1 - decay))
