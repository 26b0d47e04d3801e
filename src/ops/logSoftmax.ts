/** y = x − ln Σ eˣ along an axis. */

import type { Value } from '../graph/index.ts'
import { exp } from './exp.ts'
import { mul } from './mul.ts'
import { apply, type Operation } from './operation.ts'
import { reduceSum } from './reduceSum.ts'
import { type SoftmaxAttributes, softmaxOp } from './softmax.ts'
import { sub } from './sub.ts'

export const logSoftmaxOp: Operation<'logSoftmax', SoftmaxAttributes> = {
  name: 'logSoftmax',
  infer: softmaxOp.infer,
  gradient: ({ outputs: [y], attributes: { axis }, cotangents: [dy] }) => {
    const total = reduceSum(dy, [axis], { keepDims: true })
    return [sub(dy, mul(exp(y), total))]
  },
}

export const logSoftmax = (x: Value, axis = x.shape.length - 1): Value =>
  apply(logSoftmaxOp, [x], { axis })[0]
