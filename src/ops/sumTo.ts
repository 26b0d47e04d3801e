/** The transpose of broadcasting: sums a tensor over the axes along which a shape was stretched. */

import { type Shape, sameShape, type Value } from '../graph/index.ts'
import { reduceSum } from './reduceSum.ts'
import { reshape } from './reshape.ts'

export const sumTo = (x: Value, shape: Shape): Value => {
  if (sameShape(x.shape, shape)) return x
  const added = x.shape.length - shape.length
  const axes = [...x.shape.keys()].filter(
    axis => axis < added || (shape[axis - added] === 1 && x.shape[axis] !== 1),
  )
  return reshape(reduceSum(x, axes, { keepDims: true }), shape)
}
