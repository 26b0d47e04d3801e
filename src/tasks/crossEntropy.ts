/** Cross-entropy with label smoothing (Szegedy et al., arXiv:1512.00567, section 7). */

import type { Value } from '../graph/index.ts'
import { add, logSoftmax, mul, neg, oneHot, reduceMean, reduceSum } from '../ops/index.ts'

/**
 * The mean over the batch of −Σ_k q_k·log p_k, with q = (1 − smoothing)·onehot + smoothing/K.
 *
 * @param logits - [N, K]
 * @param labels - int [N], each below K
 */
export const crossEntropy = (logits: Value, labels: Value, smoothing = 0): Value => {
  const classes = logits.shape[1]
  const exact = oneHot(labels, classes)
  const target = smoothing === 0 ? exact : add(mul(exact, 1 - smoothing), smoothing / classes)
  return reduceMean(neg(reduceSum(mul(target, logSoftmax(logits, 1)), [1])))
}
