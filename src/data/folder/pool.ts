/**
 * Worker threads that prepare pictures. A job is answered with the same numbers by whichever takes
 * it; threads start with the first job, and do not keep the process alive when there is none.
 */

import { Worker } from 'node:worker_threads'
import { FileError, type Problem } from '../../errors.ts'
import type { Preparation } from '../prepare.ts'
import type { PictureFiles } from './files.ts'

export interface WorkerData {
  readonly pictures: PictureFiles
  readonly url: string
}

export interface Job {
  readonly id: number
  readonly indices: Uint32Array
  readonly preparation: Preparation
}

export type Answer =
  | { readonly id: number; readonly images: Float32Array }
  | { readonly id: number; readonly problem: Problem }
  | { readonly id: number; readonly fault: string }

interface Waiting {
  resolve(images: Float32Array): void
  reject(error: unknown): void
}

/** Pictures that one job prepares: enough to be worth a message, few enough to share a batch out. */
const JOB = 4

/** The sources as they are written need a loader in each thread; what is built does not. */
const startThread = (pictures: PictureFiles): Worker => {
  const written = import.meta.url.endsWith('.ts')
  const url = new URL(written ? './worker.ts' : './worker.js', import.meta.url)
  const workerData: WorkerData = { pictures, url: url.href }
  return written
    ? new Worker(
        `import('tsx/esm/api').then(({ register }) => {
          register()
          return import(require('node:worker_threads').workerData.url)
        })`,
        { eval: true, workerData },
      )
    : new Worker(url, { workerData })
}

/** One thread, and the jobs that it has not answered. */
class Thread {
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #jobs = 0

  constructor(pictures: PictureFiles) {
    this.#worker = startThread(pictures)
    this.#worker.unref()
    this.#worker.on('message', (answer: Answer) => this.#settle(answer))
    this.#worker.on('error', error => this.#fail(error))
    this.#worker.on('exit', code => this.#fail(new Error(`a picture worker ended with ${code}`)))
  }

  get load(): number {
    return this.#waiting.size
  }

  run(indices: Uint32Array, preparation: Preparation): Promise<Float32Array> {
    const id = this.#jobs++
    this.#worker.ref()
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#worker.postMessage({ id, indices, preparation } satisfies Job)
    })
  }

  close(): Promise<unknown> {
    return this.#worker.terminate()
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (this.#waiting.size === 0) this.#worker.unref()
    if ('images' in answer) waiting?.resolve(answer.images)
    else if ('problem' in answer) waiting?.reject(new FileError(answer.problem))
    else waiting?.reject(new Error(answer.fault))
  }

  #fail(error: unknown): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}

export interface Pool {
  prepare(indices: Uint32Array, preparation: Preparation): Promise<Float32Array>
  close(): Promise<void>
}

export const openPool = (pictures: PictureFiles, size: number): Pool => {
  const threads: Thread[] = []
  const [channels, height, width] = pictures.shape
  const picture = channels * height * width
  return {
    prepare: async (indices, preparation) => {
      while (threads.length < size) threads.push(new Thread(pictures))
      const images = new Float32Array(indices.length * picture)
      const parts = Array.from({ length: Math.ceil(indices.length / JOB) }, async (_, i) => {
        const [idlest] = threads.toSorted((a, b) => a.load - b.load)
        const own = indices.slice(i * JOB, (i + 1) * JOB)
        images.set(await idlest.run(own, preparation), i * JOB * picture)
      })
      await Promise.all(parts)
      return images
    },
    close: async () => {
      await Promise.all(threads.splice(0).map(thread => thread.close()))
    },
  }
}
