/** A worker thread that prepares pictures: indices in, normalised numbers out. */

import { parentPort, workerData } from 'node:worker_threads'
import { ExciteError } from '../../errors.ts'
import { preparePictures } from '../prepare.ts'
import { fileSource } from './files.ts'
import type { Answer, Job, WorkerData } from './pool.ts'

const source = fileSource((workerData as WorkerData).pictures)

const answer = async ({ id, indices, preparation }: Job): Promise<Answer> => {
  try {
    return { id, images: await preparePictures(source, indices, preparation) }
  } catch (error) {
    if (!(error instanceof ExciteError)) return { id, fault: String(error) }
    const { where, expected, got, hint } = error
    return { id, problem: { where, expected, got, ...(hint === undefined ? {} : { hint }) } }
  }
}

parentPort?.on('message', async (job: Job) => {
  const sent = await answer(job)
  parentPort?.postMessage(sent, 'images' in sent ? [sent.images.buffer as ArrayBuffer] : [])
})
