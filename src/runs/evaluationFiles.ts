/** An evaluation in files: a page about what is wrong, and a table with what is said of every image. */

import { type Dataset, imageName } from '../data/dataset.ts'
import type { Batch } from '../data/loader.ts'
import type { Tensors } from '../engines/engine.ts'
import { UsageError } from '../errors/index.ts'
import { writeFileAtomic } from '../platform/node/files.ts'
import { AS_IS, detectionsOf } from '../tasks/detection/detections.ts'
import { type CocoResult, cocoResults } from '../tasks/detection/results.ts'
import type { Task } from '../tasks/task.ts'
import { csv } from '../text/table.ts'
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

/** The detections of every image as COCO's results JSON. */
export const resultsFile = (path: string, dataset: Dataset): EvaluationFile => {
  const { objects } = dataset
  if (objects === undefined)
    throw new UsageError({
      where: path,
      expected: 'images with objects, to write what a detector found in them',
      got: dataset.name,
    })
  const results: CocoResult[] = []
  return {
    add: (outputs, { indices, count }) => {
      for (const [row, index] of indices.subarray(0, count).entries())
        results.push(
          ...cocoResults(objects, index, detectionsOf(outputs, row, objects.place(index, AS_IS))),
        )
    },
    write: () => writeFileAtomic(path, `${JSON.stringify(results)}\n`),
  }
}

/** A page about what a network gets wrong on a dataset. */
export const reportFile = (
  path: string,
  task: Task,
  dataset: Dataset,
  facts: EvaluationFacts,
): EvaluationFile => {
  const review = task.review?.(dataset)
  return {
    add: (outputs, batch) => review?.add(outputs, batch),
    write: async () => {
      const sections = (await review?.sections(thumbnailsOf(dataset))) ?? []
      await writeFileAtomic(path, reportPage({ ...facts, data: dataset.name, sections }))
    },
  }
}

/** A table with a row per image: its name, what is true of it, and what was predicted. */
export const csvFile = (path: string, { answers }: Task, dataset: Dataset): EvaluationFile => {
  const chunks: string[] = []
  return {
    add: (outputs, { indices, count }) => {
      const rows = Array.from(indices.subarray(0, count), (index, row) => ({
        image: imageName(dataset, index),
        ...answers?.cells(outputs, row, dataset, index),
      }))
      const [head, ...lines] = csv(rows).trimEnd().split('\n')
      chunks.push(...(chunks.length === 0 ? [head] : []), ...lines)
    },
    write: () => writeFileAtomic(path, `${chunks.join('\n')}\n`),
  }
}
