/** One flat vector for many tensors, and the table of name, shape and offset that reads it. */

import { UsageError, WeightError } from '../errors/index.ts'
import { type Shape, sizeOf, type Value } from '../graph/index.ts'
import { type AnyLayer, compareTensors, listed, variables } from '../nn/index.ts'
import { reshape, split } from '../ops/index.ts'
import { DECAY_RULES, type DecayRule } from './weightDecay.ts'

export interface Entry {
  readonly name: string
  readonly shape: Shape
  readonly offset: number
  readonly size: number
}

export interface Layout {
  readonly entries: readonly Entry[]
  readonly size: number
}

/** What 32-bit offsets reach, as engines have them. */
const LARGEST = 2 ** 31 - 1

/**
 * Lays tensors out one after the other, in the order given.
 * @throws UsageError when they are more numbers than one vector holds
 */
export const layout = (tensors: Iterable<{ name: string; shape: Shape }>): Layout => {
  let offset = 0
  const entries = [...tensors].map(({ name, shape }) => {
    const entry = { name, shape, offset, size: sizeOf(shape) }
    offset += entry.size
    return entry
  })
  if (offset > LARGEST)
    throw new UsageError({
      where: 'network',
      expected: `at most ${LARGEST} parameters`,
      got: `${offset}`,
    })
  return { entries, size: offset }
}

/** The flat vectors of a network: its parameters, those that decay first, and its buffers. */
export interface NetworkLayout {
  readonly parameters: Layout
  readonly buffers: Layout
  decays(entry: Pick<Entry, 'name' | 'shape'>): boolean
}

/** @throws UsageError for a network of more numbers than one vector holds */
export const layoutsOf = (network: AnyLayer, rule: DecayRule = 'weights'): NetworkLayout => {
  const all = variables(network).map(({ name, tensor: { kind, shape } }) => ({ name, kind, shape }))
  const parameters = all.filter(({ kind }) => kind === 'parameter')
  const decays: NetworkLayout['decays'] = ({ name, shape }) => DECAY_RULES[rule](name, shape)
  return {
    // Contiguous, so that decay is one slice of the flat vector and not a mask as large as it.
    parameters: layout([...parameters.filter(decays), ...parameters.filter(one => !decays(one))]),
    buffers: layout(all.filter(({ kind }) => kind === 'buffer')),
    decays,
  }
}

/** The tensors of a flat value, by name. */
export const unflatten = ({ entries }: Layout, flat: Value): Map<string, Value> => {
  const pieces =
    entries.length === 0
      ? []
      : split(
          flat,
          entries.map(({ size }) => size),
          0,
        )
  return new Map(entries.map(({ name, shape }, i) => [name, reshape(pieces[i], shape)]))
}

/**
 * Named arrays as one flat vector.
 * @throws WeightError that lists every missing name and every wrong size at once
 */
export const pack = (
  { entries, size }: Layout,
  tensors: ReadonlyMap<string, { readonly length: number } & ArrayLike<number>>,
): Float32Array => {
  const found = entries.flatMap(({ name, shape, size }) => {
    const length = tensors.get(name)?.length
    return length === undefined
      ? []
      : [[name, { shape: length === size ? shape : [length] }] as const]
  })
  const problems = compareTensors(entries, new Map(found))
  if (problems.length > 0)
    throw new WeightError({
      where: 'weights',
      expected: `${entries.length} tensors of the network`,
      got: `${problems.length} that do not fit: ${listed(problems)}`,
      hint: 'Check that the weights were made for this network and its options',
    })
  const flat = new Float32Array(size)
  for (const { name, offset } of entries) flat.set(tensors.get(name) ?? [], offset)
  return flat
}

/** The arrays of a flat vector by name: views, not copies. */
export const unpack = ({ entries }: Layout, flat: Float32Array): Map<string, Float32Array> =>
  new Map(entries.map(({ name, offset, size }) => [name, flat.subarray(offset, offset + size)]))
