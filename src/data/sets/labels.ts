/** Labels as they come from files. */

import { FileError } from '../../errors/index.ts'

/**
 * Label bytes as ints.
 * @throws FileError at the first label that no class has
 */
export const labelsOf = (bytes: ArrayLike<number>, classes: number, file: string): Int32Array =>
  Int32Array.from(bytes, (label, i) => {
    if (label >= classes)
      throw new FileError({
        where: file,
        expected: `labels from 0 to ${classes - 1}`,
        got: `${label} for sample ${i}`,
        hint: 'The file is damaged, or belongs to another dataset',
      })
    return label
  })
