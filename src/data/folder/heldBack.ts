/** Which images are held back for validation, where a folder does not say it. */

import { createHash } from 'node:crypto'
import { byName } from './scan.ts'

const VAL_FRACTION = 0.1

/**
 * A fixed share of a class's images, by the hash of their names: what is held back for validation
 * stays so as long as the names and the fraction do.
 */
export const heldBack = (
  files: readonly string[],
  split: 'train' | 'validation',
  valFraction = VAL_FRACTION,
): string[] => {
  const hash = (file: string): string => createHash('sha256').update(file).digest('hex')
  const ranked = files.map(file => ({ file, rank: hash(file) }))
  ranked.sort((a, b) => byName(a.rank, b.rank) || byName(a.file, b.file))
  // Each gets one where there are two; one alone is to train on.
  const share = Math.max(1, Math.round(files.length * valFraction))
  const held = Math.min(share, files.length - 1)
  const chosen = split === 'validation' ? ranked.slice(0, held) : ranked.slice(held)
  return chosen.map(({ file }) => file).sort(byName)
}
