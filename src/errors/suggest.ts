/** «Did you mean»: the known word nearest to a mistyped one. */

import { closest, distance } from 'fastest-levenshtein'

/** The nearest candidate, if it is near enough to be a slip. */
export const suggest = (word: string, candidates: readonly string[]): string | undefined => {
  if (candidates.length === 0) return undefined
  const nearest = closest(word, candidates)
  return distance(word, nearest) <= Math.max(2, Math.floor(word.length / 3)) ? nearest : undefined
}

/** The same as a hint for an error. */
export const suggestion = (word: string, candidates: readonly string[]): string | undefined => {
  const nearest = suggest(word, candidates)
  return nearest === undefined ? undefined : `Did you mean ${nearest}?`
}
