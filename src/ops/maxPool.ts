/** The largest element of every window of [N, C, H, W]; padding never wins. */

import type { Value } from '../graph/index.ts'
import { maxPoolGradient } from './maxPoolGradient.ts'
import { apply, type Operation } from './operation.ts'
import {
  inferPooling,
  type PoolingAttributes,
  type PoolingOptions,
  poolingAttributes,
} from './pooling.ts'

export const maxPoolOp: Operation<'maxPool', PoolingAttributes> = {
  name: 'maxPool',
  infer: inferPooling,
  gradient: ({ inputs: [x], attributes, cotangents: [dy] }) => [maxPoolGradient(x, dy, attributes)],
}

/** Stride defaults to 1, as in a convolution. */
export const maxPool = (x: Value, options: PoolingOptions): Value =>
  apply(maxPoolOp, [x], poolingAttributes(options))[0]
