/** Stretches a tensor to a shape that it broadcasts to. */

import { formatShape } from '../errors/index.ts'
import { type Shape, sameShape, type Value } from '../graph/index.ts'
import { broadcastShape } from './elementwise.ts'
import { apply, type Operation } from './operation.ts'
import { sumTo } from './sumTo.ts'

export interface ExpandAttributes {
  readonly shape: Shape
}

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
