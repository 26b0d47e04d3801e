/** The same elements, in the same row-major order, under another shape. */

import { formatShape } from '../errors/index.ts'
import { type Shape, sameShape, sizeOf, type Value } from '../graph/index.ts'
import { apply, type Operation } from './operation.ts'

export interface ReshapeAttributes {
  readonly shape: Shape
}

export const reshapeOp: Operation<'reshape', ReshapeAttributes> = {
  name: 'reshape',
  infer: ([{ dtype, shape: from }], { shape }, refuse) => {
    if (sizeOf(from) !== sizeOf(shape) || shape.some(d => !Number.isInteger(d) || d < 0))
      refuse(`a shape of ${sizeOf(from)} elements`, formatShape(shape))
    return [{ dtype, shape }]
  },
  gradient: ({ inputs: [x], cotangents: [dy] }) => [reshape(dy, x.shape)],
}

/** One dimension may be −1: whatever is left. A reshape to the same shape is the value itself. */
export const reshape = (x: Value, shape: Shape): Value => {
  const known = sizeOf(shape.filter(dimension => dimension !== -1))
  const resolved = shape.map(dimension => (dimension === -1 ? sizeOf(x.shape) / known : dimension))
  return sameShape(x.shape, resolved) ? x : apply(reshapeOp, [x], { shape: resolved })[0]
}
