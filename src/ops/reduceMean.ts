/** The mean over axes; over the spatial axes, global average pooling. */

import { sizeOf } from '../graph/index.ts'
import { expand } from './expand.ts'
import { mul } from './mul.ts'
import { keepDims, reduce, reduction } from './reduction.ts'

export const reduceMeanOp = reduction(
  'reduceMean',
  ({ inputs: [x], attributes: { axes }, outputs: [y], cotangents: [dy] }) => [
    expand(keepDims(mul(dy, sizeOf(y.shape) / sizeOf(x.shape)), x, axes), x.shape),
  ],
)

export const reduceMean = reduce(reduceMeanOp)
