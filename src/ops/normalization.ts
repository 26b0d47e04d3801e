/** What normalizations share: per-channel vectors beside an input, and an epsilon. */

import { formatShape } from '../errors/index.ts'
import type { ValueType } from '../graph/index.ts'
import { expectFloats, type Refuse } from './operation.ts'

export interface EpsilonAttributes {
  /** Added to the variance. */
  readonly epsilon: number
}

/** Refuses vectors that do not have one entry for each of `size` features. */
export const expectVectors = (
  inputs: readonly ValueType[],
  vectors: readonly ValueType[],
  size: number,
  { epsilon }: EpsilonAttributes,
  refuse: Refuse,
): void => {
  expectFloats(inputs, refuse)
  for (const { shape } of vectors)
    if (shape.length !== 1 || shape[0] !== size)
      refuse(`vectors of shape [${size}]`, formatShape(shape))
  if (!(epsilon >= 0)) refuse('epsilon ≥ 0', `${epsilon}`)
}

/** The channel count of [N, C, …]. */
export const channelsOf = ({ shape }: ValueType, refuse: Refuse): number => {
  if (shape.length < 2) refuse('an input [N, C, …]', formatShape(shape))
  return shape[1]
}
