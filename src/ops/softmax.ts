/** The softmax along an axis, and its logarithm. */

import type { Value } from '../graph/index.ts'
import { exp, mul, sub } from './arithmetic.ts'
import { reduceSum } from './broadcast.ts'
import { apply, expectAxis, expectFloats, type Operation } from './operation.ts'

export interface SoftmaxAttributes {
  readonly axis: number
}

/** y = eˣ / Σ eˣ along an axis. */
export const softmaxOp: Operation<'softmax', SoftmaxAttributes> = {
  name: 'softmax',
  infer: (inputs, { axis }, refuse) => {
    expectFloats(inputs, refuse)
    expectAxis(axis, inputs[0].shape.length, refuse)
    return [inputs[0]]
  },
  gradient: ({ outputs: [y], attributes: { axis }, cotangents: [dy] }) => {
    const weighted = reduceSum(mul(dy, y), [axis], { keepDims: true })
    return [mul(y, sub(dy, weighted))]
  },
}

export const softmax = (x: Value, axis = x.shape.length - 1): Value =>
  apply(softmaxOp, [x], { axis })[0]

/** y = x − ln Σ eˣ along an axis. */
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
