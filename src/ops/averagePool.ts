/** The mean of every window of [N, C, H, W]. */

import type { Value } from '../graph/index.ts'
import { averagePoolGradient } from './averagePoolGradient.ts'
import { apply, type Operation } from './operation.ts'
import {
  inferPooling,
  type PoolingAttributes,
  type PoolingOptions,
  poolingAttributes,
} from './pooling.ts'

export interface AveragePoolAttributes extends PoolingAttributes {
  /** Whether padding counts as pixels of value 0 (never what hangs over in ceil mode). */
  readonly countIncludePad: boolean
}

export const averagePoolOp: Operation<'averagePool', AveragePoolAttributes> = {
  name: 'averagePool',
  infer: inferPooling,
  gradient: ({ inputs: [x], attributes, cotangents: [dy] }) => [
    averagePoolGradient(dy, x.shape, attributes),
  ],
}

/** Stride defaults to 1; padding counts as zeros unless told otherwise, as in PyTorch. */
export const averagePool = (
  x: Value,
  { countIncludePad = true, ...options }: PoolingOptions & { countIncludePad?: boolean },
): Value => apply(averagePoolOp, [x], { ...poolingAttributes(options), countIncludePad })[0]
