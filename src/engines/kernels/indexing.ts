/** Arithmetic on coordinates, simplified as it is made: what reshapes and strides come down to. */

import { type Shape, sizeOf } from '../../graph/index.ts'
import type { Atom, Axis, Expression, Index, Term } from './expression.ts'
import { rowMajor } from './placement.ts'

export const whole = (constant: number): Index => ({ constant, terms: [] })

const atom = (of: Atom): Index => ({ constant: 0, terms: [{ of, by: 1 }] })

/** The coordinate along an axis; 0 where there is only one. */
export const along = (axis: Axis): Index =>
  axis.extent === 1 ? whole(0) : atom({ kind: 'axis', axis })

/** A number from memory as a coordinate. */
export const valueIndex = (value: Expression): Index => atom({ kind: 'value', value })

const keys = new WeakMap<object, string>()
let expressions = 0

/** A text that two atoms share if they are the same. */
const keyOfAtom = (of: Atom): string => {
  if (of.kind === 'axis') return `a${of.axis.id}`
  if (of.kind === 'value') {
    if (!keys.has(of.value)) keys.set(of.value, `v${expressions++}`)
    return keys.get(of.value) as string
  }
  return `${of.kind === 'quotient' ? 'q' : 'r'}(${keyOf(of.of)})${of.by}`
}

/** A text that two indices share if they are the same. */
export const keyOf = ({ constant, terms }: Index): string =>
  [constant, ...terms.map(({ of, by }) => `${by}*${keyOfAtom(of)}`)].join('+')

/** ⌊x/n⌋·n·by and (x mod n)·by together are x·by. */
const rejoined = (terms: readonly Term[]): Index | undefined => {
  for (const left of terms)
    for (const { of, by } of terms) {
      if (left.of.kind !== 'remainder' || of.kind !== 'quotient' || of.by !== left.of.by) continue
      if (by !== left.by * of.by || keyOf(of.of) !== keyOf(left.of.of)) continue
      const others = terms.filter(term => term !== left && term.of !== of)
      return sum([{ constant: 0, terms: others }, times(of.of, left.by)])
    }
  return undefined
}

/** The sum of indices, each atom in one term. */
export const sum = (indices: readonly Index[]): Index => {
  const terms = new Map<string, Term>()
  for (const { of, by } of indices.flatMap(index => index.terms)) {
    const key = keyOfAtom(of)
    terms.set(key, { of, by: (terms.get(key)?.by ?? 0) + by })
  }
  const constant = indices.reduce((total, index) => total + index.constant, 0)
  const left = [...terms.values()].filter(({ by }) => by !== 0)
  const simpler = rejoined(left)
  return simpler === undefined
    ? { constant, terms: left }
    : { constant: constant + simpler.constant, terms: simpler.terms }
}

export const times = ({ constant, terms }: Index, factor: number): Index =>
  factor === 0
    ? whole(0)
    : { constant: constant * factor, terms: terms.map(({ of, by }) => ({ of, by: by * factor })) }

export const plus = (index: Index, constant: number): Index => ({
  ...index,
  constant: index.constant + constant,
})

/** The least and the largest that an index can be. */
export const rangeOf = ({ constant, terms }: Index): readonly [number, number] => {
  let [low, high] = [constant, constant]
  for (const { of, by } of terms) {
    const [least, most] = atomRange(of)
    low += by * (by > 0 ? least : most)
    high += by * (by > 0 ? most : least)
  }
  return [low, high]
}

const atomRange = (of: Atom): readonly [number, number] => {
  if (of.kind === 'axis') return [0, of.axis.extent - 1]
  if (of.kind === 'value') return [0, Number.POSITIVE_INFINITY]
  const [low, high] = rangeOf(of.of)
  if (of.kind === 'quotient') return [Math.floor(low / of.by), Math.floor(high / of.by)]
  return [0, Math.min(of.by - 1, high)]
}

/** An index as `n·multiple + left`, with 0 ≤ left, and left < n where that can be known. */
const divided = (index: Index, n: number): { multiple: Index; left: Index } => {
  const exact = index.terms.filter(({ by }) => by % n === 0)
  const left = { ...index, terms: index.terms.filter(({ by }) => by % n !== 0) }
  const turns = Math.floor(rangeOf(left)[0] / n)
  return {
    multiple: { constant: turns, terms: exact.map(({ of, by }) => ({ of, by: by / n })) },
    left: plus(left, -turns * n),
  }
}

/** Left as `g·coarse + fine`, with g a divisor of n and 0 ≤ fine < g: then the fine part is out of it. */
const coarsened = (
  left: Index,
  n: number,
): { g: number; coarse: Index; fine: Index } | undefined => {
  for (const { by: g } of left.terms.toSorted((a, b) => b.by - a.by)) {
    if (g <= 1 || n % g !== 0) continue
    const { multiple: coarse, left: fine } = divided(left, g)
    if (rangeOf(fine)[1] < g) return { g, coarse, fine }
  }
  return undefined
}

/** ⌊index / n⌋ */
export const quotient = (index: Index, n: number): Index => {
  const { multiple, left } = divided(index, n)
  if (rangeOf(left)[1] < n) return multiple
  const parts = coarsened(left, n)
  if (parts !== undefined) return sum([multiple, quotient(parts.coarse, n / parts.g)])
  const [only, ...others] = left.terms
  // ⌊⌊x/a⌋/b⌋ = ⌊x/ab⌋
  const isNested =
    left.constant === 0 && others.length === 0 && only.by === 1 && only.of.kind === 'quotient'
  const inner = isNested && only.of.kind === 'quotient' ? only.of : { of: left, by: 1 }
  return sum([multiple, atom({ kind: 'quotient', of: inner.of, by: inner.by * n })])
}

/** index mod n, never negative */
export const remainder = (index: Index, n: number): Index => {
  const { left } = divided(index, n)
  if (rangeOf(left)[1] < n) return left
  const parts = coarsened(left, n)
  return parts === undefined
    ? atom({ kind: 'remainder', of: left, by: n })
    : sum([times(remainder(parts.coarse, n / parts.g), parts.g), parts.fine])
}

/** offset + Σ at·strides */
export const linear = (at: readonly Index[], strides: readonly number[], offset = 0): Index =>
  sum([whole(offset), ...at.map((index, axis) => times(index, strides[axis]))])

/** The coordinates of the element of that number, in row-major order. */
export const coordinatesOf = (index: Index, shape: Shape): Index[] => {
  const strides = rowMajor(shape)
  return shape.map((size, axis) => {
    if (size === 1) return whole(0)
    const outer = quotient(index, strides[axis])
    return axis === 0 || sizeOf(shape.slice(0, axis)) === 1 ? outer : remainder(outer, size)
  })
}

/** An index with other coordinates in the place of axes. */
export const substitute = (
  index: Index,
  axes: ReadonlyMap<number, Index>,
  inside: (value: Expression) => Expression,
): Index =>
  sum([
    whole(index.constant),
    ...index.terms.map(({ of, by }) => {
      if (of.kind === 'axis') return times(axes.get(of.axis.id) ?? along(of.axis), by)
      if (of.kind === 'value') return times(valueIndex(inside(of.value)), by)
      const inner = substitute(of.of, axes, inside)
      return times(of.kind === 'quotient' ? quotient(inner, of.by) : remainder(inner, of.by), by)
    }),
  ])
