/** A worker thread that prepares images: files in, normalized numbers out, one job after another. */

import { parentPort } from 'node:worker_threads'
import { ExciteError, type Problem } from '../../errors/index.ts'
import { prepareImages } from '../prepare.ts'
import { fileSource } from './files.ts'
import type { Answer, Job } from './pool.ts'

const problemOf = (error: unknown): Problem => {
  // Whatever else went wrong, it was with these images, and this thread is fit for others.
  if (!(error instanceof ExciteError))
    return { where: 'image worker', expected: 'prepared images', got: String(error) }
  const { where, expected, got, hint } = error
  return { where, expected, got, ...(hint === undefined ? {} : { hint }) }
}

const work = ({ format, files, indices, preparation, images }: Job): Promise<Answer> => {
  const source = fileSource(format, index => files[indices.indexOf(index)])
  return prepareImages(source, indices, preparation, images).then(
    () => ({ images }),
    (error: unknown) => ({ images, problem: problemOf(error) }),
  )
}

let last: Promise<unknown> = Promise.resolve()
parentPort?.on('message', (job: Job) => {
  last = last.then(async () =>
    parentPort?.postMessage(await work(job), [job.images.buffer as ArrayBuffer]),
  )
})
