/** A part of a dataset: some of its images, or as many of each class. */

import { UsageError } from '../errors/index.ts'
import { type Dataset, imageName, pixelDataset, type Split } from './dataset.ts'
import { sizeOf } from './image.ts'
import type { DatasetObjects } from './objects.ts'
import type { Preparation } from './prepare.ts'

/**
 * A dataset of some of another's images. What augmentation draws of an image in memory depends on
 * its place in the subset, that of a file on its place in the whole: as runs of 0.1 have it.
 */
export const subset = <D extends Dataset>(dataset: D, indices: readonly number[]): D => {
  const { objects, values } = dataset
  const images = {
    ...dataset,
    labels: Int32Array.from(indices, index => dataset.labels[index]),
    values: values && indices.map(index => values[index]),
    read: (index: number) => dataset.read(indices[index]),
    nameOf: (index: number) => imageName(dataset, indices[index]),
    objects: objects && {
      ...objects,
      of: (index: number) => objects.of(indices[index]),
      place: (index: number, preparation: Preparation) =>
        objects.place(indices[index], preparation),
    },
  }
  if (dataset.inMemory && !objects) return pixelDataset(images)
  return {
    ...images,
    prepare: (own: Uint32Array, preparation: Preparation) =>
      dataset.prepare(
        own.map(index => indices[index]),
        preparation,
      ),
  }
}

/** All images of several datasets of the same classes, one after the other. */
export const concatenate = (datasets: readonly Dataset[], split: Split): Dataset => {
  const places = datasets.flatMap((dataset, part) =>
    Array.from(dataset.labels, (_, index) => ({ dataset, part, index })),
  )
  const [{ shape, objects, values }] = datasets
  const objectsAt = (index: number) => places[index].dataset.objects as DatasetObjects
  return {
    ...datasets[0],
    split,
    labels: Int32Array.from(places, ({ dataset, index }) => dataset.labels[index]),
    values: values && datasets.flatMap(dataset => dataset.values ?? []),
    read: index => places[index].dataset.read(places[index].index),
    nameOf: index => imageName(places[index].dataset, places[index].index),
    objects: objects && {
      ...objects,
      most: Math.max(...datasets.map(one => one.objects?.most ?? 0)),
      of: index => objectsAt(index).of(places[index].index),
      place: (index, preparation) => objectsAt(index).place(places[index].index, preparation),
    },
    prepare: async (indices, preparation) => {
      const size = sizeOf(shape)
      const images = new Float32Array(indices.length * size)
      for (const [part, dataset] of datasets.entries()) {
        const own = [...indices.keys()].filter(i => places[indices[i]].part === part)
        const wanted = Uint32Array.from(own, i => places[indices[i]].index)
        const made = await dataset.prepare(wanted, preparation)
        for (const [k, i] of own.entries())
          images.set(made.subarray(k * size, (k + 1) * size), i * size)
      }
      return images
    },
    close: async () => {
      for (const dataset of datasets) await dataset.close()
    },
  }
}

/** Up to `most` images, the first of each class in turn, so that every class has as many; the first where they have no class. */
export const balanced = ({ classes, labels, objects, values }: Dataset, most: number): number[] => {
  if (objects ?? values) return [...labels.keys()].slice(0, most)
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
  const { name, split, labels, classes, objects, values } = dataset
  const least = (objects ?? values) ? 1 : classes.length
  if (count < least || count > labels.length)
    throw new UsageError({
      where: 'data.samples',
      expected: `${least} to ${labels.length} ${split} images, which is what ${name} has`,
      got: `${count}`,
    })
  return subset(dataset, balanced(dataset, count))
}
