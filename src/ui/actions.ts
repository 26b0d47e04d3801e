/** What the page may do with a run: stop, resume, export and delete it. */

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { UsageError } from '../errors/index.ts'
import { disk, remove } from '../platform/node/files.ts'
import { lockRun } from '../runs/lock.ts'
import { RUN_FILES } from '../runs/runFolder.ts'
import { readConfined } from './confined.ts'
import type { RunSummary } from './protocol.ts'
import type { Run } from './runIndex.ts'
import { readHolder } from './summary.ts'

/** What `excite` is started with: the program and its first arguments. */
export type Excite = readonly [program: string, ...args: string[]]

/** How long an export may take, in milliseconds. */
const EXPORT_LIMIT = 300_000
const LARGEST_LOG = 1e6
/** So much of what a command said is shown. */
const SHOWN = 2000

const refuse = (run: Run, expected: string, got: string, hint?: string): never => {
  throw new UsageError({ where: run.summary.name, expected, got, hint })
}

/** The end of a process, with its exit code. */
const ended = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve(code ?? 1))
  })

export class Actions {
  readonly #excite: Excite
  /** Who was told to stop: the run's id, and the process with its start. */
  readonly #stopped = new Map<string, string>()
  /** Why runs did not go on. */
  readonly #problems = new Map<string, string>()
  /** Runs that are being started. */
  readonly #starting = new Set<string>()
  readonly #changed: () => void

  /** @param changed - called when something is known of a run that its files do not say */
  constructor(excite: Excite, changed: () => void) {
    this.#excite = excite
    this.#changed = changed
  }

  /** What is known of a run besides its files. */
  notes(id: string): Pick<RunSummary, 'stopping' | 'problem'> | undefined {
    const problem = this.#problems.get(id)
    if (problem !== undefined) return { problem }
    return this.#stopped.has(id) ? { stopping: true } : undefined
  }

  /** Asks the run's process to save and end, once: a second signal would end it at once. */
  async stop(run: Run): Promise<void> {
    const { holder } = await readHolder(run.path)
    if (holder === undefined) return refuse(run, 'a run in training', 'one that nobody trains')
    if (holder.host !== hostname())
      return refuse(run, 'a run in training on this machine', `one on ${holder.host}`)
    const who = `${holder.pid} ${holder.started}`
    if (this.#stopped.get(run.id) === who) return
    this.#stopped.set(run.id, who)
    process.kill(holder.pid, 'SIGTERM')
    const forget = setInterval(async () => {
      const { holder } = await readHolder(run.path).catch(() => ({ holder: undefined }))
      if (holder !== undefined) return
      clearInterval(forget)
      this.#stopped.delete(run.id)
      this.#changed()
    }, 250).unref()
    this.#changed()
  }

  /** Goes on with a run in a process of its own, which outlives the server. */
  async resume(run: Run, { compatible = false }: { compatible?: boolean }): Promise<void> {
    const { holder } = await readHolder(run.path)
    if (holder !== undefined || this.#starting.has(run.id))
      return refuse(
        run,
        'a run that nobody trains',
        `one of process ${holder?.pid ?? 'just started'}`,
      )
    if (run.summary.state === 'finished')
      return refuse(
        run,
        'a run that has not finished',
        'a finished one',
        'For more epochs: excite train --resume RUN --epochs N',
      )
    this.#starting.add(run.id)
    this.#problems.delete(run.id)
    const { O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0, O_TRUNC, O_WRONLY } = constants
    const flags = O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_TRUNC | O_WRONLY
    const log = await open(join(run.path, RUN_FILES.log), flags, 0o600)
    const [program, ...args] = this.#excite
    const words = [...args, 'train', '--resume', run.path]
    const child = spawn(program, compatible ? [...words, '--resume-compatible'] : words, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    })
    child.unref()
    await log.close()
    void ended(child)
      .catch(() => 1)
      .then(code => this.#resumed(run, code))
  }

  /** Writes `model.onnx`, by the command that checks it. */
  async export(run: Run): Promise<void> {
    const [program, ...args] = this.#excite
    const child = spawn(program, [...args, 'export', run.path, '--json'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: EXPORT_LIMIT,
    })
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-SHOWN)
    })
    if ((await ended(child)) !== 0) refuse(run, 'model.onnx', said.trim() || 'no answer')
    this.#changed()
  }

  /**
   * Removes a run's folder. It is locked meanwhile, so that nobody begins to train in it.
   * @param name - the run's, as whoever asks has read it
   */
  async delete(run: Run, name: unknown): Promise<void> {
    if (name !== run.summary.name) refuse(run, 'the name of the run', `${name}`)
    const unlock = await lockRun(run.path)
    const trash = join(dirname(run.path), `.trash-${randomBytes(6).toString('hex')}`)
    try {
      await disk.rename(run.path, trash)
    } catch (cause) {
      await unlock()
      return refuse(run, 'a folder that can be removed', `${cause}`)
    }
    await remove(trash)
    await unlock()
    this.#problems.delete(run.id)
    this.#changed()
  }

  async #resumed(run: Run, code: number): Promise<void> {
    this.#starting.delete(run.id)
    // 130 and 143 are those of a training that was told to stop.
    if (code !== 0 && code < 128) {
      const log = await readConfined(run.path, RUN_FILES.log, LARGEST_LOG).catch(() => undefined)
      const said = log
        ?.split('\n')
        .filter(line => line.startsWith('excite: '))
        .at(-1)
      this.#problems.set(run.id, said ?? `${basename(run.path)} ended with ${code}`)
    }
    this.#changed()
  }
}
