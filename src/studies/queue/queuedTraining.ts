/** A training by whichever worker takes it: put into a queue, watched, and gathered. */

import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { EngineError, ExciteError, messageOf } from '../../errors/index.ts'
import { loadQueue, type QueueAddress } from '../../machines/queue/server.ts'
import { writeFileAtomic } from '../../platform/node/files.ts'
import type { PlannedRun } from '../plan.ts'
import { progressOf } from '../progress.ts'
import { runName } from '../results.ts'
import type { Trainer } from '../runner.ts'
import { beginRun } from '../spawnTraining.ts'
import {
  ATTEMPTS,
  factsOf,
  type Job,
  jobId,
  KEPT,
  PREFIX,
  progressSchema,
  QUEUE,
  resultSchema,
} from './job.ts'

/** How often the queue is asked about a run. */
const ASK_MS = 1000

/** What a run that fails waits before it is tried again. */
const PAUSE_MS = 2000

/** The last lines of a run that was given up, in its folder. */
const FAILURE_LOG = 'failure.log'

export interface QueuedOptions {
  readonly saveEvery: number
  /** The fingerprint of the images, where their name does not say it. */
  readonly images: string | undefined
  /** Hears that the server does not answer for the moment. */
  onNote(text: string): void
}

/** A trainer that leaves the work to others. */
export interface QueuedTraining {
  readonly trainer: Trainer
  close(): Promise<void>
}

/** Asks, does not listen: so what a restarted server has forgotten is noticed, and put there again. */
export const queuedTraining = async (
  address: QueueAddress,
  { saveEvery, images, onNote }: QueuedOptions,
): Promise<QueuedTraining> => {
  const { bullmq, Redis } = await loadQueue()
  // Our own connection, which can be left where nobody answers.
  const connection = new Redis({ ...address.connection, maxRetriesPerRequest: 1 })
  connection.on('error', () => {})
  const queue = new bullmq.Queue(QUEUE, { prefix: PREFIX, connection })
  queue.on('error', () => {})
  await queue.waitUntilReady()
  /** One note for all runs, until the server answers again. */
  let isAnswering = true

  const jobOf = async (run: PlannedRun): Promise<Job> => ({
    name: runName(run),
    folder: resolve(run.folder),
    cwd: process.cwd(),
    saveEvery,
    config: run.config,
    facts: await factsOf(run, images),
  })
  const add = async (id: string, job: Job): Promise<void> => {
    await queue.add('train', job, {
      jobId: id,
      // All variants of a seed before those of the next.
      priority: job.config.seed + 1,
      attempts: ATTEMPTS,
      backoff: { type: 'fixed', delay: PAUSE_MS },
      removeOnComplete: KEPT,
      removeOnFail: KEPT,
    })
  }
  const again = async (id: string, job: Job): Promise<void> => {
    await queue.remove(id)
    await add(id, job)
  }
  const failed = async (id: string, { folder }: Job, reason: string): Promise<EngineError> => {
    const log = join(folder, FAILURE_LOG)
    const { logs } = await queue.getJobLogs(id)
    await writeFileAtomic(log, `${logs.join('\n')}\n`)
    return new EngineError({
      where: folder,
      expected: 'a training to its end',
      got: reason,
      context: `${ATTEMPTS} attempts; their last lines are in ${log}`,
    })
  }

  const trainer: Trainer = async (run, { signal, onLine }) => {
    const job = await jobOf(run)
    const id = jobId(job)
    await beginRun(run)
    /** What an earlier study left in the queue is not what this one asked for. */
    let isOurs = false
    let said = ''
    const ask = async () => {
      const state = await queue.getJobState(id)
      const known = state === 'unknown' ? undefined : await queue.getJob(id)
      if (known === undefined) {
        await add(id, job)
        isOurs = true
      } else if (state === 'completed') {
        const result = resultSchema.parse(known.returnvalue)
        const isHere = (await progressOf(run)).finished
        if (isHere || isOurs || result.folder !== job.folder) return result
        await again(id, job)
        isOurs = true
      } else if (state === 'failed') {
        if (isOurs) throw await failed(id, job, known.failedReason)
        await again(id, job)
        isOurs = true
      } else {
        isOurs = true
        const { data } = progressSchema.safeParse(known.progress)
        const text = data && `${data.worker}: ${state === 'active' ? data.text : 'gave it back'}`
        if (text !== undefined && text !== said) onLine(text)
        said = text ?? said
      }
      return undefined
    }
    while (!signal.aborted) {
      try {
        const result = await ask()
        isAnswering = true
        if (result !== undefined) return { history: result.history }
      } catch (error) {
        if (error instanceof ExciteError) throw error
        const said = messageOf(error)
        const why = said.includes('max retries') ? 'does not answer' : `fails: ${said}`
        if (isAnswering) onNote(`queue ${address.shown} ${why}, trying again`)
        isAnswering = false
      }
      await setTimeout(ASK_MS, undefined, { signal }).catch(() => {})
    }
    // One that a worker has goes on to its end; the same study gathers it.
    if (isAnswering) await queue.remove(id).catch(() => {})
    return undefined
  }
  const close = async (): Promise<void> => {
    await queue.close().catch(() => {})
    connection.disconnect()
  }
  return { trainer, close }
}
