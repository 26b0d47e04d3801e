/** What is computed for one element: scalars, made of loads, constants and operations on them. */

/** Whole-number arithmetic on coordinates: `constant + Σ by·of`, in 32-bit signed integers. */
export interface Index {
  readonly constant: number
  readonly terms: readonly Term[]
}

export interface Term {
  readonly of: Atom
  readonly by: number
}

/** What an index is made of. */
export type Atom =
  /** A coordinate of the kernel, or of a fold inside of it. */
  | { readonly kind: 'axis'; readonly axis: Axis }
  /** ⌊of / by⌋ and what is left of it; `of` is never negative. */
  | { readonly kind: 'quotient' | 'remainder'; readonly of: Index; readonly by: number }
  /** A whole number read from memory, such as a label. */
  | { readonly kind: 'value'; readonly value: Expression }

/** A coordinate that goes from 0 to `extent` − 1. */
export interface Axis {
  /** Tells it from the other axes of a kernel. */
  readonly id: number
  readonly extent: number
}

/**
 * Functions of numbers and bools. `max`, `min`, `relu` and `sign` keep NaN, whatever a language's own
 * do, `equal` is false of it, `float` makes a number of a whole number or a bool, and `int` is back.
 */
export type Operation =
  | 'abs'
  | 'add'
  | 'and'
  | 'choose'
  | 'div'
  | 'equal'
  | 'exp'
  | 'float'
  | 'greater'
  | 'int'
  | 'isFinite'
  | 'less'
  | 'log'
  | 'max'
  | 'min'
  | 'mul'
  | 'neg'
  | 'power'
  | 'relu'
  | 'sigmoid'
  | 'sign'
  | 'sqrt'
  | 'sub'
  | 'tanh'

/** What an expression gives. */
export type Type = 'float' | 'int' | 'bool'

/** How a fold joins two of its terms. `max` and `min` keep NaN. */
export type Combine = 'add' | 'max' | 'min' | 'and'

/** What joins two terms of a fold. */
export const JOIN = { add: 'add', and: 'and', max: 'max', min: 'min' } as const satisfies Record<
  Combine,
  Operation
>

/** What a fold of no terms is; 1 is true. */
export const START: Readonly<Record<Combine, number>> = {
  add: 0,
  and: 1,
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
}

/** `low ≤ at < high` */
export interface Bound {
  readonly at: Index
  readonly low: number
  readonly high: number
}

export type Expression =
  | { readonly kind: 'constant'; readonly type: Type; readonly value: number }
  /** Element `at` of an operand, counted from the operand's offset; bytes come as whole numbers. */
  | { readonly kind: 'load'; readonly type: Type; readonly operand: number; readonly at: Index }
  | {
      readonly kind: 'call'
      readonly operation: Operation
      readonly of: readonly Expression[]
    }
  /** The value where every index is within its bounds; there alone it may be loaded. */
  | {
      readonly kind: 'guard'
      readonly bounds: readonly Bound[]
      readonly value: Expression
      readonly otherwise: number
    }
  /** Terms for all coordinates of the axes, joined one after the other in this thread. */
  | {
      readonly kind: 'fold'
      readonly combine: Combine
      readonly axes: readonly Axis[]
      readonly term: Expression
    }
  /** The result of one of the kernel's own folds, which all threads of a group share in. */
  | { readonly kind: 'folded'; readonly type: Type; readonly index: number }

const BOOLS: readonly Operation[] = ['and', 'equal', 'greater', 'isFinite', 'less']

export const typeOf = (given: Expression): Type => {
  switch (given.kind) {
    case 'guard':
      return typeOf(given.value)
    case 'fold':
      return given.combine === 'and' ? 'bool' : 'float'
    case 'call':
      if (given.operation === 'choose') return typeOf(given.of[1])
      if (given.operation === 'int') return 'int'
      return BOOLS.includes(given.operation) ? 'bool' : 'float'
    default:
      return given.type
  }
}

export const number = (value: number, type: Type = 'float'): Expression => ({
  kind: 'constant',
  type,
  value,
})

export const call = (operation: Operation, ...of: readonly Expression[]): Expression => ({
  kind: 'call',
  operation,
  of,
})
