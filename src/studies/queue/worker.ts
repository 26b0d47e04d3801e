/** A worker: takes runs out of the queue, one at a time, and trains each in a process of its own. */

import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Job as QueueJob } from 'bullmq'
import { messageOf } from '../../errors/index.ts'
import { MachineError } from '../../machines/machineError.ts'
import { loadQueue, type QueueAddress } from '../../machines/queue/server.ts'
import { breakLock, lockHolder } from '../../runs/lock.ts'
import { progressOf } from '../progress.ts'
import { spawnTraining } from '../spawnTraining.ts'
import { checkFacts, cwdOf, folderFor } from './here.ts'
import { KEPT, PREFIX, parseJob, QUEUE } from './job.ts'
import { Lease } from './lease.ts'

/** How many lines of a run that fails are kept. */
const LOG_LINES = 20

/** How often the queue hears where a run stands. */
const TELL_MS = 1000

/** How long a worker that was told to stop waits for a server that does not answer. */
const LEAVE_MS = 3000

export interface WorkerOptions {
  /** Where runs go whose own folder is not seen here. */
  readonly out: string
  readonly cacheDir?: string | undefined
  /** Seconds without a sign of a worker after which another takes its run. */
  readonly lease: number
  /** Drains: the run under way saves, and is given back. */
  readonly signal: AbortSignal
  /** A line of the run under way. */
  onLine(run: string, text: string): void
  /** A line that stays. */
  onNote(text: string): void
}

/**
 * Works until the signal, or until this machine turns out to be another than the study's.
 * @throws MachineError where this machine does not fit a run
 */
export const work = async (address: QueueAddress, options: WorkerOptions): Promise<void> => {
  const { out, lease: seconds, cacheDir, signal, onLine, onNote } = options
  const { bullmq } = await loadQueue()
  const name = `${hostname()}:${process.pid}`
  const lease = new Lease(seconds * 1000)
  const ended = new AbortController()
  let misfit: unknown

  /** Gives the run back, for another to go on with; it does not count as failed. */
  const giveBack = async (job: QueueJob, token: string): Promise<never> => {
    const given = job.moveToWait(token).catch(() => {})
    await Promise.race([given, setTimeout(LEAVE_MS)])
    throw new bullmq.WaitingError()
  }

  /** Somebody who still has the folder ends soon, or is a person; one elsewhere has lost the run. */
  const waitForFolder = async (folder: string, isSecond: boolean, say: (text: string) => void) => {
    if (isSecond) await breakLock(folder)
    for (;;) {
      const holder = await lockHolder(folder)
      if (holder === undefined || signal.aborted || lease.lost.aborted) return
      say(`waits for ${holder}, which has ${folder}`)
      await setTimeout(TELL_MS)
    }
  }

  const train = async (queued: QueueJob, token = ''): Promise<object> => {
    const stop = lease.begin(signal)
    const lines: string[] = []
    let told = 0
    const say = (text: string): void => {
      lines.push(text)
      if (lines.length > LOG_LINES) lines.shift()
      onLine(queued.data.name, text)
      if (performance.now() - told < TELL_MS) return
      told = performance.now()
      queued.updateProgress({ worker: name, text }).catch(() => {})
    }
    try {
      const job = parseJob(queued.data)
      try {
        await checkFacts(job, cacheDir)
      } catch (error) {
        misfit = error
        await queued.updateProgress({ worker: name, text: `refused: ${messageOf(error)}` })
        ended.abort()
        return await giveBack(queued, token)
      }
      const run = {
        folder: await folderFor(job, resolve(out)),
        config: job.config,
        seed: job.config.seed,
        variant: { id: job.name, name: job.name },
      }
      await waitForFolder(run.folder, queued.attemptsStarted > 1, say)
      if (!(await progressOf(run)).finished && !stop.aborted) {
        say('begins')
        const { saveEvery } = job
        const trainer = spawnTraining({ cacheDir, saveEvery, cwd: cwdOf(job), kill: lease.over })
        await trainer(run, { signal: stop, onLine: say })
      }
      const { finished, history } = await progressOf(run)
      if (finished) {
        onNote(`${job.name} finished`)
        return { worker: name, folder: run.folder, history }
      }
      if (stop.aborted) return await giveBack(queued, token)
      throw new MachineError({
        where: run.folder,
        expected: 'a finished run',
        got: 'one that is not',
      })
    } catch (error) {
      if (error instanceof bullmq.WaitingError) throw error
      if (stop.aborted) return await giveBack(queued, token)
      const reason = messageOf(error)
      onNote(`${queued.data.name} failed: ${reason}`)
      await queued.log(`${name}: ${reason}\n${lines.join('\n')}`)
      throw new MachineError({ where: name, expected: 'a training to its end', got: reason })
    } finally {
      lease.end()
    }
  }

  let underWay: Promise<object> = Promise.resolve({})
  const begin = (queued: QueueJob, token?: string): Promise<object> => {
    underWay = train(queued, token)
    return underWay
  }
  const worker = new bullmq.Worker(QUEUE, begin, {
    prefix: PREFIX,
    connection: { ...address.connection, maxRetriesPerRequest: null },
    lockDuration: lease.ms,
    lockRenewTime: lease.ms / 3,
    stalledInterval: lease.ms / 2,
    // A machine may be taken away any number of times; what fails by itself is counted elsewhere.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    runRetryDelay: TELL_MS,
    removeOnComplete: KEPT,
    removeOnFail: KEPT,
  })
  worker.on('locksRenewed', () => lease.renew())
  worker.on('lockRenewalFailed', () => lease.lose())
  let noted = ''
  worker.on('error', error => {
    const text = `queue ${address.shown}: ${messageOf(error)}`
    if (text !== noted) onNote(text)
    noted = text
  })
  const leaving = AbortSignal.any([signal, ended.signal])
  await new Promise<void>(resolve => {
    if (leaving.aborted) resolve()
    else leaving.addEventListener('abort', () => resolve())
  })
  const closed = worker.close()
  await underWay.catch(() => {})
  // A server that does not answer would be waited for without end.
  await Promise.race([closed, setTimeout(LEAVE_MS)])
  if (misfit !== undefined) throw misfit
}
