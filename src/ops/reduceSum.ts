/** The sum over axes. */

import { expand } from './expand.ts'
import { keepDims, reduce, reduction } from './reduction.ts'

export const reduceSumOp = reduction(
  'reduceSum',
  ({ inputs: [x], attributes: { axes }, cotangents: [dy] }) => [
    expand(keepDims(dy, x, axes), x.shape),
  ],
)

export const reduceSum = reduce(reduceSumOp)
