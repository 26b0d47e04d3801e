/** y = eˣ / Σ eˣ along an axis. */

import type { Value } from '../graph/index.ts'
import { mul } from './mul.ts'
import { apply, expectAxis, expectDType, type Operation } from './operation.ts'
import { reduceSum } from './reduceSum.ts'
import { sub } from './sub.ts'

export interface SoftmaxAttributes {
  readonly axis: number
}

export const softmaxOp: Operation<'softmax', SoftmaxAttributes> = {
  name: 'softmax',
  infer: (inputs, { axis }, refuse) => {
    expectDType(inputs, 'float', refuse)
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
