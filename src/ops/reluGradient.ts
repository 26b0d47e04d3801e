/** The gradient of relu from its output: dx = dy where y > 0, else 0. */

import { formatShape } from '../errors/index.ts'
import { sameShape, type Value } from '../graph/index.ts'
import { apply, expectDType, type NoAttributes, type Operation } from './operation.ts'

export const reluGradientOp: Operation<'reluGradient', NoAttributes> = {
  name: 'reluGradient',
  infer: (inputs, _attributes, refuse) => {
    expectDType(inputs, 'float', refuse)
    const [y, dy] = inputs
    if (!sameShape(y.shape, dy.shape))
      refuse(`a cotangent of shape ${formatShape(y.shape)}`, formatShape(dy.shape))
    return [y]
  },
  gradient: ({ inputs: [y], cotangents: [g] }) => [undefined, reluGradient(y, g)],
}

/** @param y - the output of relu, not its input */
export const reluGradient = (y: Value, dy: Value): Value => apply(reluGradientOp, [y, dy], {})[0]
