/** A worker thread that prepares images: indices in, normalized numbers out. */

import { parentPort, workerData } from 'node:worker_threads'
import { ExciteError } from '../../errors/index.ts'
import { prepareImages } from '../prepare.ts'
import { fileSource } from './files.ts'
import type { Answer, Job, Outcome, WorkerData } from './pool.ts'

const source = fileSource((workerData as WorkerData).images)

const outcome = async ({ indices, preparation, images }: Job): Promise<Outcome> => {
  try {
    await prepareImages(source, indices, preparation, images)
    return {}
  } catch (error) {
    if (!(error instanceof ExciteError)) return { fault: String(error) }
    const { where, expected, got, hint } = error
    return { problem: { where, expected, got, ...(hint === undefined ? {} : { hint }) } }
  }
}

parentPort?.on('message', async (job: Job) => {
  const { id, images } = job
  const answer: Answer = { id, images, ...(await outcome(job)) }
  parentPort?.postMessage(answer, [images.buffer as ArrayBuffer])
})
