/** Probabilities of logits. */

/** Of a label by itself. */
export const sigmoid = (logit: number): number => 1 / (1 + Math.exp(-logit))

/** Of classes of which one is right: they add up to 1. */
export const softmax = (logits: ArrayLike<number>): number[] => {
  const largest = Math.max(...Array.from(logits))
  const exponentials = Array.from(logits, logit => Math.exp(logit - largest))
  const total = exponentials.reduce((sum, value) => sum + value, 0)
  return exponentials.map(value => value / total)
}
