/** What a network says of an image, from its logits: classes with their probabilities. */

import { WeightError } from '../errors/index.ts'
import { softmax } from '../tensor/probabilities.ts'

/** A class, and how sure the network is of it: from 0 to 1. */
export interface Guess {
  /** The name of the class. */
  readonly label: string
  /** The share of the softmax. */
  readonly probability: number
}

/** The error of an answer that is not a number: such weights answer nothing. */
export const notFinite = (where: string, got: string): WeightError =>
  new WeightError({
    where,
    expected: 'an answer of finite numbers',
    got,
    hint: 'The weights are not finite, or so large that sums overflow: the training diverged. Train again with a lower learning rate',
  })

/**
 * The likeliest classes, the likeliest first.
 * @param where - the network's file, for the error
 * @throws WeightError where a probability is not a number
 */
export const guessesOf = (
  logits: ArrayLike<number>,
  classes: readonly string[],
  where: string,
  top = classes.length,
): readonly Guess[] => {
  const probabilities = softmax(logits)
  const bad = probabilities.find(value => !Number.isFinite(value))
  if (bad !== undefined) throw notFinite(where, `${bad}`)
  return classes
    .map((label, i) => ({ label, probability: probabilities[i] }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top)
}
