/** An evaluation in files: a page about what is wrong, and a table with the probabilities of every image. */

import { type Dataset, imageName } from '../data/dataset.ts'
import type { Batch } from '../data/loader.ts'
import type { Tensors } from '../engines/engine.ts'
import { writeFileAtomic } from '../platform/node/files.ts'
import { classification } from '../tasks/classification.ts'
import { csv } from '../text/table.ts'
import { softmax } from '../weights/guesses.ts'
import { reportPage, thumbnailsOf } from './reportPage.ts'

/** What sees every batch of an evaluation, and writes a file at its end. */
export interface EvaluationFile {
  add(outputs: Tensors, batch: Batch): void
  write(): Promise<void>
}

/** What an evaluation is of. */
export interface EvaluationFacts {
  /** The network, by name. */
  readonly model: string
  readonly subtitle: string
  readonly command: string
}

/** A page about what a network gets wrong on a dataset. */
export const reportFile = (
  path: string,
  dataset: Dataset,
  facts: EvaluationFacts,
): EvaluationFile => {
  const review = classification().review?.(dataset)
  return {
    add: (outputs, batch) => review?.add(outputs, batch),
    write: async () => {
      const sections = (await review?.sections(thumbnailsOf(dataset))) ?? []
      await writeFileAtomic(path, reportPage({ ...facts, data: dataset.name, sections }))
    },
  }
}

/** Six digits: what a float32 knows of a share. */
const rounded = (value: number): number => Number(value.toPrecision(6))

/** A table with a row per image: its name, its class, what was predicted, and `p_CLASS` of every class. */
export const csvFile = (path: string, dataset: Dataset): EvaluationFile => {
  const { classes, labels } = dataset
  const chunks: string[] = []
  return {
    add: ({ logits: { data } }, { indices, count }) => {
      const rows = Array.from(indices.subarray(0, count), (index, row) => {
        const own = data.slice(row * classes.length, (row + 1) * classes.length)
        const probabilities = softmax(Float32Array.from(own))
        const best = probabilities.indexOf(Math.max(...probabilities))
        return {
          image: imageName(dataset, index),
          class: classes[labels[index]],
          predicted: classes[best],
          ...Object.fromEntries(classes.map((name, k) => [`p_${name}`, rounded(probabilities[k])])),
        }
      })
      const [head, ...lines] = csv(rows).trimEnd().split('\n')
      chunks.push(...(chunks.length === 0 ? [head] : []), ...lines)
    },
    write: () => writeFileAtomic(path, `${chunks.join('\n')}\n`),
  }
}
