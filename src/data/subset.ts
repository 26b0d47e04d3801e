/** A part of a dataset: some of its images, or as many of each class. */

import { UsageError } from '../errors/index.ts'
import type { Dataset } from './dataset.ts'

/** A dataset of some of another's images. */
export const subset = <D extends Dataset>(dataset: D, indices: readonly number[]): D => {
  const { readWindow, prepare } = dataset
  return {
    ...dataset,
    labels: Int32Array.from(indices, index => dataset.labels[index]),
    read: (index: number) => dataset.read(indices[index]),
    ...(readWindow && {
      readWindow: (index: number, choose: Parameters<typeof readWindow>[1]) =>
        readWindow(indices[index], choose),
    }),
    ...(prepare && {
      prepare: (own: Uint32Array, preparation: Parameters<typeof prepare>[1]) =>
        prepare(
          own.map(index => indices[index]),
          preparation,
        ),
    }),
  }
}

/** Up to `most` images, the first of each class in turn, so that every class has as many. */
export const balanced = ({ classes, labels }: Dataset, most: number): number[] => {
  const each = Math.max(1, Math.floor(most / classes.length))
  const taken = new Array<number>(classes.length).fill(0)
  const chosen: number[] = []
  for (const [index, label] of labels.entries())
    if (taken[label] < each) {
      taken[label]++
      chosen.push(index)
    }
  return chosen
}

/**
 * The first images of each class.
 * @throws UsageError for more images than there are, or fewer than classes
 */
export const balancedSubset = <D extends Dataset>(dataset: D, count: number): D => {
  const { name, split, labels, classes } = dataset
  if (count < classes.length || count > labels.length)
    throw new UsageError({
      where: '--samples',
      expected: `${classes.length} to ${labels.length} ${split} images, which is what ${name} has`,
      got: `${count}`,
    })
  return subset(dataset, balanced(dataset, count))
}
