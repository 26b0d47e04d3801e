/** The classes that figures draw: those asked for, or a few spread over all. */

import { UsageError } from '../errors.ts'
import { suggestion } from '../suggest.ts'

/** As many as are told apart at a glance. */
const MOST_CLASSES = 6
const DEFAULT_CLASSES = 4

export const chosenClasses = (
  known: readonly string[],
  wanted?: readonly string[],
): readonly string[] => {
  if (wanted === undefined) {
    const drawn = Math.min(DEFAULT_CLASSES, known.length)
    return Array.from({ length: drawn }, (_, i) => known[Math.floor((i * known.length) / drawn)])
  }
  for (const name of wanted)
    if (!known.includes(name))
      throw new UsageError({
        where: '--classes',
        expected: `classes of the network (${known.slice(0, 12).join(', ')}${known.length > 12 ? ', …' : ''})`,
        got: name,
        ...(suggestion(name, known) ? { hint: suggestion(name, known) as string } : {}),
      })
  if (wanted.length > MOST_CLASSES)
    throw new UsageError({
      where: '--classes',
      expected: `at most ${MOST_CLASSES}, which can be told apart in one figure`,
      got: `${wanted.length}`,
    })
  return wanted
}
