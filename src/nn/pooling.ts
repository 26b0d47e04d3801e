/** Pooling that networks share. */

import type { Value } from '../graph/index.ts'
import { reduceMean, reshape } from '../ops/index.ts'

/** [N, C, H, W] → [N, C, 1, 1]: the mean over space. */
export const globalAveragePool = (x: Value): Value => reduceMean(x, [2, 3], { keepDims: true })

/** [N, …] → [N, everything else]. */
export const flatten = (x: Value): Value => reshape(x, [x.shape[0], -1])
