/**
 * Convolutions in three directions and matrix products as one form: y[m, n] = Σ_k a[m, k] · b[n, k],
 * for every batch of them. What differs is where an element lies, which a side says in WGSL.
 */

/** Statements and expressions of WGSL; all indices are i32. */
export type Wgsl = string

/** Where an operand begins: not known in the text of a kernel, so that layers of one shape share one. */
export interface Start {
  /** The variable of its buffer. */
  readonly buffer: string
  /** The offset, of which only this is known: whether it is one of four elements. */
  readonly at: Wgsl
  readonly inFours: boolean
}

/** Where the elements of an operand lie, by the index outside the sum and the one inside. */
export interface Side {
  /** The variable of the buffer. */
  readonly buffer: string
  /** How many elements that follow each other along an axis are read at once. */
  readonly width: 1 | 4
  /** The axis along which neighbours in memory lie. */
  readonly along: 'outer' | 'inner'
  /** Declares what depends on the batch alone, in names that begin with the given one. */
  batch(name: string, index: Wgsl): Wgsl
  outer(name: string, index: Wgsl): Wgsl
  inner(name: string, index: Wgsl): Wgsl
  /** The element of the names declared, and whether there is one; it is 0 where there is none. */
  at(batch: string, outer: string, inner: string): { readonly index: Wgsl; readonly inside?: Wgsl }
}

export interface Contraction {
  readonly batch: number
  readonly m: number
  readonly n: number
  readonly k: number
  readonly a: Side
  readonly b: Side
  /** Where the result goes: `outer` is m, `inner` is n. */
  readonly y: Side
  /** What becomes of a sum before it is written: a bias, an activation. */
  readonly epilogue?: ((value: Wgsl, row: Wgsl, column: Wgsl) => Wgsl) | undefined
}

/** Division and remainder of what is not negative by a number known now. */
export const over = (index: Wgsl, by: number): Wgsl =>
  by === 1 ? index : `i32(u32(${index}) / ${by}u)`
export const modulo = (index: Wgsl, by: number): Wgsl =>
  by === 1 ? '0' : `i32(u32(${index}) % ${by}u)`

/** Σ of terms; those that are 0 are left out. */
export const sum = (...terms: readonly (Wgsl | number)[]): Wgsl =>
  terms.filter(term => term !== 0 && term !== '0').join(' + ') || '0'
export const times = (index: Wgsl, by: number): Wgsl | number =>
  by === 0 || index === '0' ? 0 : by === 1 ? index : `${index} * ${by}`

/** Whether four neighbours may be read at once: all other strides, and the start, are in fours. */
export const inFours = (size: number, stride: number, others: readonly number[]): boolean =>
  stride === 1 && size % 4 === 0 && others.every(other => other % 4 === 0)

/** What the buffer of a side is an array of. */
export const elementOf = ({ width }: Pick<Side, 'width'>): Wgsl => (width === 4 ? 'vec4f' : 'f32')
