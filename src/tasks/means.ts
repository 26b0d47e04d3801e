/** Metrics that are means over images. */

import type { BatchImages } from '../data/loader.ts'
import type { Tensors } from '../engines/engine.ts'
import type { Accumulator, Metrics } from './task.ts'

/**
 * An accumulator of means.
 * @param judge - measures one image, by its row in the outputs and its index in the dataset
 */
export const means = <Measured extends Metrics>(
  names: readonly (keyof Measured & string)[],
  judge: (outputs: Tensors, row: number, index: number) => Measured,
): Accumulator<Measured> => {
  const sums: Record<string, number> = Object.fromEntries(
    [...names, 'count'].map(name => [name, 0]),
  )
  return {
    add: (outputs, { indices, count }: BatchImages) => {
      for (let row = 0; row < count; row++) {
        const measured = judge(outputs, row, indices[row])
        for (const name of names) sums[name] += measured[name]
      }
      sums.count += count
    },
    merge: gathered => {
      for (const name of Object.keys(sums)) sums[name] += Number(gathered[name])
    },
    gathered: () => ({ ...sums }),
    metrics: () =>
      Object.fromEntries(names.map(name => [name, sums[name] / sums.count])) as Measured,
  }
}
