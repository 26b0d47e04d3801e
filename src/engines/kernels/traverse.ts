/** Walks over the expressions of a kernel. */

import type { Axis, Expression, Index } from './expression.ts'
import { substitute } from './indexing.ts'
import type { Kernel, Store } from './kernel.ts'

/** What an expression is made of, one level down: expressions, and the indices in it. */
const partsOf = (given: Expression): { of: readonly Expression[]; indices: readonly Index[] } => {
  switch (given.kind) {
    case 'load':
      return { of: [], indices: [given.at] }
    case 'call':
      return { of: given.of, indices: [] }
    case 'guard':
      return { of: [given.value], indices: given.bounds.map(({ at }) => at) }
    case 'fold':
      return { of: [given.term], indices: [] }
    default:
      return { of: [], indices: [] }
  }
}

/** Whole numbers from memory within an index. */
const valuesIn = ({ terms }: Index): readonly Expression[] =>
  terms.flatMap(({ of }) =>
    of.kind === 'value' ? [of.value] : of.kind === 'axis' ? [] : valuesIn(of.of),
  )

/** An expression's operands, those of its indices among them. */
export const operandsOf = (given: Expression): readonly Expression[] => {
  const { of, indices } = partsOf(given)
  return [...of, ...indices.flatMap(valuesIn)]
}

/** All expressions below some, each once. */
export const expressionsIn = (roots: readonly Expression[]): ReadonlySet<Expression> => {
  const found = new Set<Expression>()
  const visit = (one: Expression): void => {
    if (found.has(one)) return
    found.add(one)
    for (const operand of operandsOf(one)) visit(operand)
  }
  for (const root of roots) visit(root)
  return found
}

export const storesOf = ({ fold, stores }: Kernel): readonly Store[] => [
  ...(fold?.stores ?? []),
  ...stores,
]

/** The expressions that a kernel computes. */
export const rootsOf = (kernel: Kernel): readonly Expression[] => [
  ...(kernel.fold?.results ?? []).map(({ term }) => term),
  ...storesOf(kernel).flatMap(({ value, at }) => [value, ...valuesIn(at)]),
]

/** Every index of a kernel. */
export const indicesOf = (kernel: Kernel): readonly Index[] => [
  ...storesOf(kernel).map(({ at }) => at),
  ...[...expressionsIn(rootsOf(kernel))].flatMap(one => partsOf(one).indices),
]

/** A kernel whose indices and operands are others. What was shared stays so. */
const rewritten = (
  { fold, stores, ...kernel }: Kernel,
  indexOf: (at: Index, inside: (value: Expression) => Expression) => Index,
  operandOf: (operand: number) => number,
): Kernel => {
  const known = new Map<Expression, Expression>()
  const index = (at: Index): Index => indexOf(at, inside)
  const inside = (given: Expression): Expression => {
    const before = known.get(given)
    if (before !== undefined) return before
    const made = remade(given)
    known.set(given, made)
    return made
  }
  const remade = (given: Expression): Expression => {
    switch (given.kind) {
      case 'load':
        return { ...given, operand: operandOf(given.operand), at: index(given.at) }
      case 'call':
        return { ...given, of: given.of.map(inside) }
      case 'guard': {
        const bounds = given.bounds.map(bound => ({ ...bound, at: index(bound.at) }))
        return { ...given, bounds, value: inside(given.value) }
      }
      case 'fold':
        return { ...given, term: inside(given.term) }
      default:
        return given
    }
  }
  const written = (all: readonly Store[]): Store[] =>
    all.map(({ operand, at, value }) => ({
      operand: operandOf(operand),
      at: index(at),
      value: inside(value),
    }))
  return {
    ...kernel,
    fold: fold && {
      ...fold,
      results: fold.results.map(result => ({ ...result, term: inside(result.term) })),
      stores: written(fold.stores),
    },
    stores: written(stores),
  }
}

/** A kernel with other coordinates in the place of some axes. */
export const substituteAxes = (kernel: Kernel, axes: ReadonlyMap<number, Index>): Kernel =>
  rewritten(
    kernel,
    (at, inside) => substitute(at, axes, inside),
    operand => operand,
  )

/** A kernel with its operands numbered anew; those left out are not used. */
export const substituteOperands = (kernel: Kernel, operands: ReadonlyMap<number, number>): Kernel =>
  rewritten(
    kernel,
    (at, inside) => substitute(at, new Map(), inside),
    operand => operands.get(operand) ?? operand,
  )

/** How far an index goes with an axis; undefined where it goes by no fixed step. */
export const stepOf = ({ terms }: Index, { id }: Axis): number | undefined => {
  let step = 0
  for (const { of, by } of terms) {
    if (of.kind === 'axis') step += of.axis.id === id ? by : 0
    else if (dependsOn(of.kind === 'value' ? of.value : of.of, id)) return undefined
  }
  return step
}

/** Whether an index or an expression changes with an axis. */
export const dependsOn = (given: Expression | Index, id: number): boolean =>
  'terms' in given
    ? given.terms.some(({ of }) =>
        of.kind === 'axis'
          ? of.axis.id === id
          : dependsOn(of.kind === 'value' ? of.value : of.of, id),
      )
    : partsOf(given).of.some(one => dependsOn(one, id)) ||
      partsOf(given).indices.some(one => dependsOn(one, id))
