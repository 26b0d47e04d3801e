/**
 * Worker threads that prepare images. A job is answered with the same numbers by whichever takes it,
 * and done again by another where a thread ends before its answer. Threads start with the first job,
 * and keep the process alive only while they have one.
 */

import type { Worker } from 'node:worker_threads'
import { FileError, type Problem } from '../../errors/index.ts'
import { moduleUrl, startThread } from '../../platform/node/child.ts'
import type { Preparation } from '../prepare.ts'
import type { ImageFiles } from './files.ts'

export interface Job {
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

  run(indices: Uint32Array, preparation: Preparation): Promise<Answer | Death> {
    const images = this.#spare.pop() ?? new Float32Array(this.#size)
    const job: Job = { indices, preparation, images }
    this.#worker.ref()
    this.#worker.postMessage(job, [images.buffer as ArrayBuffer])
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
  prepare(indices: Uint32Array, preparation: Preparation): Promise<Float32Array>
  close(): Promise<void>
}

/** @param start - starts a worker for these files */
export const openPool = (
  files: ImageFiles,
  size: number,
  start = () => startThread(moduleUrl('./worker', import.meta.url), files),
): Pool => {
  const [channels, height, width] = files.shape
  const image = channels * height * width
  let threads: Thread[] = []
  let closed = false
  const idlest = (): Thread => {
    threads = threads.filter(({ ended }) => !ended)
    while (threads.length < size) threads.push(new Thread(start(), JOB_IMAGES * image))
    return threads.reduce((best, other) => (other.load < best.load ? other : best))
  }

  /** Prepares the images of one job; those on which a thread ended are tried again, each alone. */
  const run = async (
    indices: Uint32Array,
    preparation: Preparation,
    target: Float32Array,
    deaths = 0,
  ): Promise<void> => {
    const thread = idlest()
    const outcome = await thread.run(indices, preparation)
    if ('images' in outcome) {
      if (outcome.problem) throw new FileError(outcome.problem)
      target.set(outcome.images.subarray(0, target.length))
      thread.reuse(outcome.images)
      return
    }
    const { duringThis, reason } = outcome
    const died = deaths + Number(duringThis)
    if (closed || died === MAX_DEATHS)
      throw new FileError({
        where: `${files.folder}/${files.files[indices[0]]}`,
        expected: 'an image that can be prepared',
        got: closed
          ? 'a dataset that was closed'
          : `${died} worker threads that ended (the last: ${reason})`,
      })
    await Promise.all(
      Array.from(indices, (_, i) =>
        run(
          indices.slice(i, i + 1),
          preparation,
          target.subarray(i * image, (i + 1) * image),
          died,
        ),
      ),
    )
  }

  return {
    prepare: async (indices, preparation) => {
      // Not filled with zeros, since images fill it.
      const images = new Float32Array(Buffer.allocUnsafeSlow(4 * indices.length * image).buffer)
      await Promise.all(
        Array.from({ length: Math.ceil(indices.length / JOB_IMAGES) }, (_, i) => {
          const [from, to] = [i * JOB_IMAGES, Math.min((i + 1) * JOB_IMAGES, indices.length)]
          const target = images.subarray(from * image, to * image)
          return run(indices.slice(from, to), preparation, target)
        }),
      )
      return images
    },
    close: async () => {
      closed = true
      await Promise.all(threads.splice(0).map(thread => thread.close()))
    },
  }
}
