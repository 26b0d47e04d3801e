/** The sum of squares over axes. */

import { mul } from './mul.ts'
import { keepDims, reduce, reduction } from './reduction.ts'

export const reduceSumSquareOp = reduction(
  'reduceSumSquare',
  ({ inputs: [x], attributes: { axes }, cotangents: [dy] }) => [
    mul(x, keepDims(mul(dy, 2), x, axes)),
  ],
)

export const reduceSumSquare = reduce(reduceSumSquareOp)
