/** Broadcasting and its transpose: stretching a tensor over axes, and the sum over axes. */

import { formatShape } from '../errors/index.ts'
import { type Shape, sameShape, type Value } from '../graph/index.ts'
import { broadcastShape } from './elementwise.ts'
import { apply, type Operation } from './operation.ts'
import { keepDims, reduce, reduction } from './reduction.ts'
import { reshape } from './reshape.ts'

export interface ExpandAttributes {
  readonly shape: Shape
}

/** Stretches a tensor to a shape that it broadcasts to. */
export const expandOp: Operation<'expand', ExpandAttributes> = {
  name: 'expand',
  infer: ([{ dtype, shape: from }], { shape }, refuse) => {
    if (!sameShape(broadcastShape([from, shape], refuse), shape))
      refuse(`a shape that ${formatShape(from)} broadcasts to`, formatShape(shape))
    return [{ dtype, shape }]
  },
  gradient: ({ inputs: [x], cotangents: [dy] }) => [sumTo(dy, x.shape)],
}

export const expand = (x: Value, shape: Shape): Value =>
  sameShape(x.shape, shape) ? x : apply(expandOp, [x], { shape })[0]

/** The sum over axes. */
export const reduceSumOp = reduction(
  'reduceSum',
  ({ inputs: [x], attributes: { axes }, cotangents: [dy] }) => [
    expand(keepDims(dy, x, axes), x.shape),
  ],
)

export const reduceSum = reduce(reduceSumOp)

/** The transpose of broadcasting: sums a tensor over the axes along which a shape was stretched. */
export const sumTo = (x: Value, shape: Shape): Value => {
  if (sameShape(x.shape, shape)) return x
  const added = x.shape.length - shape.length
  const axes = [...x.shape.keys()].filter(
    axis => axis < added || (shape[axis - added] === 1 && x.shape[axis] !== 1),
  )
  return reshape(reduceSum(x, axes, { keepDims: true }), shape)
}
