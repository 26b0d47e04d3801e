/** The guard of a step: whether everything that it would change is finite. */

import type { Value } from '../graph/index.ts'
import { allFinite, mul } from '../ops/index.ts'

/**
 * Whether everything that a step would change is finite, by the fewest elements that decide it.
 *
 * - An average of weight d < 1 is d·a + (1 − d)·p: finite only where the next parameters p are.
 * - Parameters are p − lr·u, finite only where the update u is (an infinite u times lr is infinite
 *   or, for lr 0, not a number). So of the average and the parameters one vector is enough.
 * - SGD: u = v, or g + m·v with Nesterov's: finite only where the next velocity v is.
 * - Adam: u = m̂ / (√v̂ + ε) + decay: finite only where the next mean m is, but it hides an infinite
 *   v. That is an average of g², each at most the squared norm of the gradient; where the norm is
 *   below 2⁶³, g² < 2¹²⁶, two powers of two below overflow. The norm times 2⁶⁵ is finite only
 *   there, and so says it with room for rounding. It also covers every element of the gradient.
 * - Running statistics and the loss are looked at themselves.
 */
export const isFiniteStep = (
  loss: Value,
  gradientNorm: Value,
  next: Readonly<Record<string, Value>>,
): Value =>
  allFinite([
    loss,
    mul(gradientNorm, 2 ** 65),
    next.ema ?? next.parameters,
    ...(next.buffers === undefined ? [] : [next.buffers]),
  ])
