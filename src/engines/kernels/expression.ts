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

/** A coordinate that goes from 0 to `extent` − 1; two axes are the same if they are one object. */
export interface Axis {
  readonly extent: number
}

/** Functions of numbers; `max`, `min`, `relu` and `sign` keep NaN, whatever a language's own do. */
export type NumberOperation =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'max'
  | 'min'
  | 'power'
  | 'neg'
  | 'abs'
  | 'sign'
  | 'sqrt'
  | 'exp'
  | 'log'
  | 'tanh'
  | 'sigmoid'
  | 'relu'

/** Functions that give a bool: of numbers, or of bools. `equal` is false of NaN. */
export type BoolOperation = 'equal' | 'greater' | 'less' | 'isFinite' | 'and' | 'not'

/** How a fold joins two of its terms. `max` and `min` keep NaN. */
export type Combine = 'add' | 'max' | 'min' | 'and'

export type Expression =
  | { readonly kind: 'constant'; readonly value: number }
  /** A coordinate, as a number. */
  | { readonly kind: 'index'; readonly at: Index }
  /** Element `at` of an operand, counted from the operand's offset. */
  | { readonly kind: 'load'; readonly operand: number; readonly at: Index }
  | {
      readonly kind: 'number'
      readonly operation: NumberOperation
      readonly of: readonly Expression[]
    }
  | { readonly kind: 'bool'; readonly operation: BoolOperation; readonly of: readonly Expression[] }
  | {
      readonly kind: 'choose'
      readonly condition: Expression
      readonly then: Expression
      readonly otherwise: Expression
    }
  /** Whether `low ≤ at < high`: where padding ends. */
  | { readonly kind: 'within'; readonly at: Index; readonly low: number; readonly high: number }
  /** Terms for all coordinates of the axes, joined one after the other in this thread. */
  | {
      readonly kind: 'fold'
      readonly combine: Combine
      readonly axes: readonly Axis[]
      readonly term: Expression
    }
  /** The result of one of the kernel's own folds, which all threads of a group share in. */
  | { readonly kind: 'folded'; readonly index: number }
