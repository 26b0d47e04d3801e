/**
 * Worker threads that prepare images. A job is answered with the same numbers by whichever takes it,
 * and done again by another where a thread ends before its answer. Threads start with the first job,
 * and keep the process alive only while they have one.
 */

import type { Worker } from 'node:worker_threads'
import { FileError, type Problem } from '../../errors/index.ts'
import { moduleUrl, startThread } from '../../platform/node/child.ts'
import { sizeOf } from '../image.ts'
import type { Preparation } from '../prepare.ts'
import type { ImageFormat } from './files.ts'

export interface Job {
  readonly files: readonly string[]
  readonly indices: Uint32Array
  readonly preparation: Preparation
  /** Where the images go: memory that is moved to the thread and back, again and again. */
  readonly images: Float32Array
}

export interface Answer {
  readonly images: Float32Array
  readonly problem?: Problem
}

/** The end of a thread that had a job: whether it was at this one, and what it died of. */
interface Death {
  readonly duringThis: boolean
  readonly reason: string
}

/** Images in a job: enough to be worth a message, few enough to share a batch out. */
const JOB_IMAGES = 4
/** Threads that may end on an image before it is held to be the reason. */
const MAX_DEATHS = 3

/** One thread, which does its jobs in their order. */
class Thread {
  readonly #worker: Worker
  readonly #waiting: ((outcome: Answer | Death) => void)[] = []
  readonly #spare: Float32Array[] = []
  readonly #size: number
  #reason = ''
  ended = false

  /** @param size - of a job's images, in numbers */
  constructor(worker: Worker, size: number) {
    this.#size = size
    this.#worker = worker
    this.#worker.on('message', (answer: Answer) => {
      this.#waiting.shift()?.(answer)
      if (this.#waiting.length === 0) this.#worker.unref()
    })
    this.#worker.on('error', ({ message }) => {
      this.#reason = message
    })
    this.#worker.on('exit', code => {
      this.ended = true
      const reason = this.#reason || `exit code ${code}`
      for (const [i, settle] of this.#waiting.splice(0).entries())
        settle({ duringThis: i === 0, reason })
    })
    // After the listeners: the first for messages makes the thread count again (nodejs/node#53036).
    this.#worker.unref()
  }

  get load(): number {
    return this.#waiting.length
  }

  run(job: Omit<Job, 'images'>): Promise<Answer | Death> {
    const images = this.#spare.pop() ?? new Float32Array(this.#size)
    this.#worker.ref()
    this.#worker.postMessage({ ...job, images } satisfies Job, [images.buffer as ArrayBuffer])
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** Takes back the memory of an answer, for another job. */
  reuse(images: Float32Array): void {
    this.#spare.push(images)
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
  }
}

export interface Pool {
  /** Prepares files, of which `indices` are the numbers in their dataset. */
  prepare(
    files: readonly string[],
    indices: Uint32Array,
    preparation: Preparation,
  ): Promise<Float32Array>
  close(): Promise<void>
}

/** @param start - starts a worker for images of this format */
export const openPool = (
  format: ImageFormat,
  size: number,
  start = () => startThread(moduleUrl('./worker', import.meta.url), format),
): Pool => {
  const image = sizeOf(format.shape)
  let threads: Thread[] = []
  let closed = false
  const idlest = (): Thread => {
    threads = threads.filter(({ ended }) => !ended)
    while (threads.length < size) threads.push(new Thread(start(), JOB_IMAGES * image))
    return threads.reduce((best, other) => (other.load < best.load ? other : best))
  }

  /** Does a job; the images of one at which a thread ended are tried again, each alone. */
  const run = async (job: Omit<Job, 'images'>, target: Float32Array, deaths = 0): Promise<void> => {
    const refuse = (got: string): never => {
      const expected = 'an image that can be prepared'
      throw new FileError({ where: job.files[0], expected, got })
    }
    if (closed) refuse('a dataset that was closed')
    const thread = idlest()
    const outcome = await thread.run(job)
    if ('images' in outcome) {
      if (outcome.problem) throw new FileError(outcome.problem)
      target.set(outcome.images.subarray(0, target.length))
      return thread.reuse(outcome.images)
    }
    const { duringThis, reason } = outcome
    const died = deaths + Number(duringThis)
    if (died === MAX_DEATHS) refuse(`${died} worker threads that ended (the last: ${reason})`)
    await runAll(job, target, 1, died)
  }

  /** Does a job as several of at most so many images. */
  const runAll = async (
    { files, indices, preparation }: Omit<Job, 'images'>,
    target: Float32Array,
    images: number,
    deaths = 0,
  ): Promise<void> => {
    const parts = Array.from({ length: Math.ceil(files.length / images) }, (_, i) => {
      const [from, to] = [i * images, Math.min((i + 1) * images, files.length)]
      const job = { files: files.slice(from, to), indices: indices.slice(from, to), preparation }
      return run(job, target.subarray(from * image, to * image), deaths)
    })
    await Promise.all(parts)
  }

  return {
    prepare: async (files, indices, preparation) => {
      // Not filled with zeros, since images fill it.
      const images = new Float32Array(Buffer.allocUnsafeSlow(4 * indices.length * image).buffer)
      await runAll({ files, indices, preparation }, images, JOB_IMAGES)
      return images
    },
    close: async () => {
      closed = true
      await Promise.all(threads.splice(0).map(thread => thread.close()))
    },
  }
}
