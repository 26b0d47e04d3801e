/** Matrix products as contractions: [..., M, K] · [..., K, N] of any strides, leading axes broadcast. */

import type { Shape } from '../../graph/index.ts'
import {
  type Contraction,
  inFours,
  modulo,
  over,
  type Side,
  type Start,
  sum,
  times,
} from './contraction.ts'

/** Where an operand lies, seen as it is multiplied: strides of leading axes, of its own and of the sum's. */
export interface Matrices {
  readonly start: Start
  /** One for each leading axis of the result; 0 where the operand is stretched. */
  readonly batch: readonly number[]
  readonly outer: number
  readonly inner: number
}

/** @param batch - the leading axes of the result */
const side = (
  { start, batch: strides, outer, inner }: Matrices,
  batch: Shape,
  rows: number,
  terms: number,
): Side => {
  const along = inner === 1 ? 'inner' : outer === 1 ? 'outer' : 'inner'
  const isWide =
    start.inFours &&
    (inFours(terms, inner, [...strides, outer]) || inFours(rows, outer, [...strides, inner]))
  /** Index = ((i0 · d1) + i1) · d2 + …, each digit times its stride. */
  const base = (index: string): string => {
    let within = 1
    const digits = batch.toReversed().map((size, i) => {
      const digit = modulo(over(index, within), size)
      within *= size
      return times(digit, strides[batch.length - 1 - i])
    })
    return sum(start.at, ...digits)
  }
  return {
    buffer: start.buffer,
    width: isWide ? 4 : 1,
    along,
    batch: (name, index) => `let ${name}z = ${base(index)};`,
    outer: (name, index) => `let ${name}i = ${sum(times(`(${index})`, outer))};`,
    inner: (name, index) => `let ${name}i = ${sum(times(`(${index})`, inner))};`,
    at: (z, row, term) => ({ index: sum(`${z}z`, `${row}i`, `${term}i`) }),
  }
}

/** y[…, m, n] = Σ_k a[…, m, k] · b[…, n, k]. */
export const matmul = (
  { batch, m, n, k }: { batch: Shape; m: number; n: number; k: number },
  a: Matrices,
  b: Matrices,
  y: Matrices,
): Contraction => ({
  batch: batch.reduce((size, dimension) => size * dimension, 1),
  m,
  n,
  k,
  a: side(a, batch, m, k),
  b: side(b, batch, n, k),
  y: side(y, batch, m, n),
})
