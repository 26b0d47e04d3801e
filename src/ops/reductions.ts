/** Reductions over axes whose gradients scale or select: mean, sum of squares, extremes. */

import { sizeOf } from '../graph/index.ts'
import { div, mul } from './arithmetic.ts'
import { expand, reduceSum } from './broadcast.ts'
import { cast } from './cast.ts'
import { equal } from './comparison.ts'
import { keepDims, reduce, reduction } from './reduction.ts'

/** The mean over axes; over the spatial axes, global average pooling. */
export const reduceMeanOp = reduction(
  'reduceMean',
  ({ inputs: [x], attributes: { axes }, outputs: [y], cotangents: [dy] }) => [
    expand(keepDims(mul(dy, sizeOf(y.shape) / sizeOf(x.shape)), x, axes), x.shape),
  ],
)

export const reduceMean = reduce(reduceMeanOp)

/** The sum of squares over axes. */
export const reduceSumSquareOp = reduction(
  'reduceSumSquare',
  ({ inputs: [x], attributes: { axes }, cotangents: [dy] }) => [
    mul(x, keepDims(mul(dy, 2), x, axes)),
  ],
)

export const reduceSumSquare = reduce(reduceSumSquareOp)

/** An extreme over axes; where several elements are equal they share the gradient evenly. */
const extreme = <Name extends string>(name: Name) =>
  reduction(name, ({ inputs: [x], outputs: [y], attributes: { axes }, cotangents: [dy] }) => {
    const chosen = cast(equal(x, keepDims(y, x, axes)))
    const count = reduceSum(chosen, axes, { keepDims: true })
    return [mul(chosen, div(keepDims(dy, x, axes), count))]
  })

/** The largest element over axes. */
export const reduceMaxOp = extreme('reduceMax')

export const reduceMax = reduce(reduceMaxOp)

/** The smallest element over axes. */
export const reduceMinOp = extreme('reduceMin')

export const reduceMin = reduce(reduceMinOp)
