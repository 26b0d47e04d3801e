/**
 * Shake-shake (Gastaldi: Shake-Shake regularization, arXiv:1705.07485): two branches mixed by a
 * random share each image and step, forward by α and backward by β; by halves in inference.
 */

import type { Value } from '../graph/index.ts'
import { add, mul, stopGradient, sub } from '../ops/index.ts'
import type { Mode } from './layer.ts'

/** What β is: another random share, or an even one. */
export type Backward = 'shake' | 'even'

/** α·a + (1 − α)·b, whose gradients are β and 1 − β times the cotangent. */
export const shake = (a: Value, b: Value, backward: Backward, mode: Mode): Value => {
  if (!mode.training) return mul(add(a, b), 0.5)
  const perImage = [a.shape[0], 1, 1, 1]
  const alpha = mode.uniform(perImage)
  const beta = backward === 'even' ? 0.5 : mode.uniform(perImage)
  const towards = add(mul(a, beta), mul(b, sub(1, beta)))
  return add(towards, stopGradient(mul(sub(alpha, beta), sub(a, b))))
}
