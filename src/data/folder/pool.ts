/**
 * Worker threads that prepare images. A job is answered with the same numbers by whichever takes
 * it; threads start with the first job, and do not keep the process alive when there is none.
 */

import { Worker } from 'node:worker_threads'
import { FileError, type Problem } from '../../errors/index.ts'
import type { Preparation } from '../prepare.ts'
import type { ImageFiles } from './files.ts'

export interface WorkerData {
  readonly images: ImageFiles
  readonly url: string
}

export interface Job {
  readonly id: number
  readonly indices: Uint32Array
  readonly preparation: Preparation
  /** Where the images go: memory that wanders to the thread and back, again and again. */
  readonly images: Float32Array
}

/** What went wrong, if anything did. */
export interface Outcome {
  readonly problem?: Problem
  readonly fault?: string
}

export interface Answer extends Outcome {
  readonly id: number
  readonly images: Float32Array
}

interface Waiting {
  /** Is done with the images when it returns. */
  take(images: Float32Array): void
  reject(error: unknown): void
}

/** Images that one job prepares: enough to be worth a message, few enough to share a batch out. */
const JOB = 4

/** The sources as they are written need a loader in each thread; what is built does not. */
const startThread = (images: ImageFiles): Worker => {
  const written = import.meta.url.endsWith('.ts')
  const url = new URL(written ? './worker.ts' : './worker.js', import.meta.url)
  const workerData: WorkerData = { images, url: url.href }
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
  readonly #size: number
  readonly #spare: Float32Array[] = []
  #jobs = 0

  constructor(images: ImageFiles) {
    this.#size = JOB * images.shape.reduce((product, dimension) => product * dimension, 1)
    this.#worker = startThread(images)
    this.#worker.unref()
    this.#worker.on('message', (answer: Answer) => this.#settle(answer))
    this.#worker.on('error', error => this.#fail(error))
    this.#worker.on('exit', code => this.#fail(new Error(`an image worker ended with ${code}`)))
  }

  get load(): number {
    return this.#waiting.size
  }

  /** Prepares up to JOB images; they are to be taken at once. */
  run(
    indices: Uint32Array,
    preparation: Preparation,
    take: (images: Float32Array) => void,
  ): Promise<void> {
    const id = this.#jobs++
    const images = this.#spare.pop() ?? new Float32Array(this.#size)
    this.#worker.ref()
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { take: images => resolve(take(images)), reject })
      const job: Job = { id, indices, preparation, images }
      this.#worker.postMessage(job, [images.buffer as ArrayBuffer])
    })
  }

  close(): Promise<unknown> {
    return this.#worker.terminate()
  }

  #settle(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (this.#waiting.size === 0) this.#worker.unref()
    if (answer.problem) waiting?.reject(new FileError(answer.problem))
    else if (answer.fault !== undefined) waiting?.reject(new Error(answer.fault))
    else waiting?.take(answer.images)
    this.#spare.push(answer.images)
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

export const openPool = (files: ImageFiles, size: number): Pool => {
  const threads: Thread[] = []
  const [channels, height, width] = files.shape
  const image = channels * height * width
  return {
    prepare: async (indices, preparation) => {
      while (threads.length < size) threads.push(new Thread(files))
      // Not filled with zeros, since images fill it.
      const images = new Float32Array(Buffer.allocUnsafeSlow(4 * indices.length * image).buffer)
      const parts = Array.from({ length: Math.ceil(indices.length / JOB) }, async (_, i) => {
        const [idlest] = threads.toSorted((a, b) => a.load - b.load)
        const own = indices.slice(i * JOB, (i + 1) * JOB)
        await idlest.run(own, preparation, made =>
          images.set(made.subarray(0, own.length * image), i * JOB * image),
        )
      })
      await Promise.all(parts)
      return images
    },
    close: async () => {
      await Promise.all(threads.splice(0).map(thread => thread.close()))
    },
  }
}
