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
  readonly format: ImageFormat
  readonly files: readonly string[]
  readonly indices: Uint32Array
  readonly preparation: Preparation
  /** Where the images go: memory that is moved to the thread and back, again and again. */
  readonly images: Float32Array
}

type Task = Omit<Job, 'format' | 'images'>

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
  #reason = ''
  ended = false

  constructor(worker: Worker) {
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

  run(job: Job): Promise<Answer | Death> {
    this.#worker.ref()
    this.#worker.postMessage(job, [job.images.buffer as ArrayBuffer])
    return new Promise(resolve => this.#waiting.push(resolve))
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

const startWorker = (): Worker => startThread(moduleUrl('./worker', import.meta.url))

/**
 * Threads of pools that were closed, for the next ones: starting one takes a while, and koffi 3.3
 * keeps 20 kB of every thread that has loaded it, also when that has ended.
 */
let idle: Thread[] = []

/** @param start - starts a worker; threads that are not the usual ones end with the pool */
export const openPool = (format: ImageFormat, size: number, start = startWorker): Pool => {
  const image = sizeOf(format.shape)
  const usual = start === startWorker
  const spare: Float32Array[] = []
  let threads: Thread[] = []
  let closed = false
  const idlest = (): Thread => {
    threads = threads.filter(({ ended }) => !ended)
    if (usual) idle = idle.filter(({ ended }) => !ended)
    while (threads.length < size) threads.push((usual && idle.pop()) || new Thread(start()))
    return threads.reduce((best, other) => (other.load < best.load ? other : best))
  }

  /** Does a job; the images of one at which a thread ended are tried again, each alone. */
  const run = async (job: Task, target: Float32Array, deaths = 0): Promise<void> => {
    const refuse = (got: string): never => {
      const expected = 'an image that can be prepared'
      throw new FileError({ where: job.files[0], expected, got })
    }
    if (closed) refuse('a dataset that was closed')
    const thread = idlest()
    const images = spare.pop() ?? new Float32Array(JOB_IMAGES * image)
    const outcome = await thread.run({ ...job, format, images })
    if ('images' in outcome) {
      if (outcome.problem) throw new FileError(outcome.problem)
      target.set(outcome.images.subarray(0, target.length))
      spare.push(outcome.images)
      return
    }
    const { duringThis, reason } = outcome
    const died = deaths + Number(duringThis)
    if (died === MAX_DEATHS) refuse(`${died} worker threads that ended (the last: ${reason})`)
    await runAll(job, target, 1, died)
  }

  /** Does a job as several of at most so many images. */
  const runAll = async (
    { files, indices, preparation }: Task,
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
      for (const thread of threads.splice(0))
        if (usual && thread.load === 0 && !thread.ended) idle.push(thread)
        else await thread.close()
    },
  }
}
