/** The largest element over axes; where several are equal they share the gradient evenly. */

import { cast } from './cast.ts'
import { div } from './div.ts'
import { equal } from './equal.ts'
import { mul } from './mul.ts'
import { reduceSum } from './reduceSum.ts'
import { keepDims, reduce, reduction } from './reduction.ts'

export const reduceMaxOp = reduction(
  'reduceMax',
  ({ inputs: [x], outputs: [y], attributes: { axes }, cotangents: [dy] }) => {
    const chosen = cast(equal(x, keepDims(y, x, axes)))
    const count = reduceSum(chosen, axes, { keepDims: true })
    return [mul(chosen, div(keepDims(dy, x, axes), count))]
  },
)

export const reduceMax = reduce(reduceMaxOp)
