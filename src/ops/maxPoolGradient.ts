/** The gradient of max pooling: each window's cotangent goes to its first largest element. */

import type { Value } from '../graph/index.ts'
import { apply, expectDType, type Operation, onceDifferentiable } from './operation.ts'
import { expectPooled, type PoolingAttributes } from './pooling.ts'

export const maxPoolGradientOp: Operation<'maxPoolGradient', PoolingAttributes> = {
  name: 'maxPoolGradient',
  infer: (inputs, attributes, refuse) => {
    expectDType(inputs, 'float', refuse)
    const [x, dy] = inputs
    expectPooled(dy, x.shape, attributes, refuse)
    return [x]
  },
  gradient: () => onceDifferentiable('maxPoolGradient'),
}

export const maxPoolGradient = (x: Value, dy: Value, attributes: PoolingAttributes): Value =>
  apply(maxPoolGradientOp, [x, dy], attributes)[0]
