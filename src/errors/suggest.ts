/** «Did you mean»: the known word nearest to a mistyped one. */

import { closest, distance } from 'fastest-levenshtein'

const letters = (word: string): string => [...word].sort().join('')

/** One slip in four letters, or two letters exchanged: more is another word. */
const isNear = (word: string, candidate: string): boolean =>
  distance(word, candidate) <= Math.max(1, Math.floor(word.replace(/^-+/, '').length / 4)) ||
  (letters(word) === letters(candidate) && distance(word, candidate) === 2)

/** The nearest candidate, if it is near enough to be a slip. */
export const suggest = (word: string, candidates: readonly string[]): string | undefined => {
  if (candidates.length === 0) return undefined
  const nearest = closest(word, candidates)
  return isNear(word, nearest) ? nearest : undefined
}

/** The same as a hint for an error. */
export const suggestion = (word: string, candidates: readonly string[]): string | undefined => {
  const nearest = suggest(word, candidates)
  return nearest === undefined ? undefined : `Did you mean ${nearest}?`
}
