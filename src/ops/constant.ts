/** A tensor known when the graph is built. */

import { formatShape } from '../errors/index.ts'
import { type DType, type Shape, sizeOf, type Value } from '../graph/index.ts'
import { apply, type Operation } from './operation.ts'

export interface ConstantAttributes {
  readonly dtype: DType
  readonly shape: Shape
  /** Row-major; a single number fills the whole shape. */
  readonly data: readonly number[]
}

export const constantOp: Operation<'constant', ConstantAttributes> = {
  name: 'constant',
  infer: (_inputs, { dtype, shape, data }, refuse) => {
    if (data.length !== 1 && data.length !== sizeOf(shape))
      refuse(`1 or ${sizeOf(shape)} elements for shape ${formatShape(shape)}`, `${data.length}`)
    return [{ dtype, shape }]
  },
  gradient: () => [],
}

/** @example constant(0.5); constant([1, 2, 3]); constant([1, 2, 3, 4], [2, 2]) */
export const constant = (
  data: number | readonly number[],
  shape: Shape = typeof data === 'number' ? [] : [data.length],
  dtype: DType = 'float32',
): Value =>
  apply(constantOp, [], { dtype, shape, data: typeof data === 'number' ? [data] : data })[0]

export const zeros = (shape: Shape, dtype?: DType): Value => constant(0, shape, dtype)
