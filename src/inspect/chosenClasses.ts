/** The classes that figures draw: those asked for, or a few spread over all; there are images of each. */

import type { Dataset } from '../data/dataset.ts'
import { UsageError } from '../errors/index.ts'
import { suggestion } from '../errors/suggest.ts'

/** As many as are told apart at a glance. */
const MOST_CLASSES = 6
const DEFAULT_CLASSES = 4

/** @param labels - of the images that there are */
export const chosenClasses = (
  { classes, labels }: Pick<Dataset, 'classes' | 'labels'>,
  wanted?: readonly string[],
): readonly string[] => {
  const known = classes.filter((_, k) => labels.includes(k))
  if (wanted === undefined) {
    const drawn = Math.min(DEFAULT_CLASSES, known.length)
    return Array.from({ length: drawn }, (_, i) => known[Math.floor((i * known.length) / drawn)])
  }
  for (const name of wanted)
    if (!known.includes(name))
      throw new UsageError({
        where: 'classes',
        expected: `classes that there are images of (${known.slice(0, 12).join(', ')}${known.length > 12 ? ', …' : ''})`,
        got: name,
        hint: suggestion(name, known),
      })
  if (wanted.length > MOST_CLASSES)
    throw new UsageError({
      where: 'classes',
      expected: `at most ${MOST_CLASSES}, which can be told apart in one figure`,
      got: `${wanted.length}`,
    })
  return wanted
}
