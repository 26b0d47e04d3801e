/**
 * What comes before each exchange: every rank says to rank 0 whether it can go on, and rank 0 says to
 * all what is to happen. So a rank that failed, or fell silent, ends the work of all with its reason,
 * where MPI's collective calls would wait for ever.
 */

import { ExciteError, messageOf } from '../../errors/index.ts'
import { MachineError } from '../machineError.ts'
import type { Mpi } from './library.ts'
import { type Pending, receive, send, waitForAll } from './messages.ts'
import type { Patience } from './patience.ts'

const TAG = { report: 1, reason: 2, verdict: 3, verdictReason: 4 } as const

/** The first number of a report and of a verdict; of a verdict the second is the rank meant. */
const WORD = { goOn: 0, failed: 1, silent: 2, wait: 3 } as const

/** How often rank 0 says that it is busy, and still there. */
const BUSY_EVERY_MS = 2000

interface Report {
  readonly word: number
  readonly rank: number
  readonly reason: string
}

/** A rank's own words for what went wrong: those of one of our errors, without the stack. */
export const reasonOf = (error: unknown): string =>
  error instanceof ExciteError ? error.message : `${messageOf(error)}`

export class Agreement {
  readonly #mpi: Mpi
  readonly #rank: number
  readonly #size: number
  readonly #patience: Patience
  /** What has been sent without waiting: it must stay until it is done. */
  #sent: Pending[] = []

  constructor(mpi: Mpi, rank: number, size: number, patience: Patience) {
    this.#mpi = mpi
    this.#rank = rank
    this.#size = size
    this.#patience = patience
  }

  /**
   * Comes to a meeting; ends when all have.
   * @param failure - why this rank cannot go on
   * @throws MachineError that names the rank that cannot
   */
  async meet(failure?: string): Promise<void> {
    const own: Report = {
      word: failure === undefined ? WORD.goOn : WORD.failed,
      rank: this.#rank,
      reason: failure ?? '',
    }
    this.#patience.arrive()
    const verdict = this.#rank === 0 ? await this.#judge(own) : await this.#ask(own)
    this.#patience.leave()
    if (verdict.word !== WORD.goOn) throw this.#error(verdict)
  }

  /** Does what takes long; ranks that wait meanwhile are told so. */
  async busy<Result>(work: () => Promise<Result>): Promise<Result> {
    const timer = setInterval(
      () => this.#tell({ word: WORD.wait, rank: 0, reason: '' }),
      BUSY_EVERY_MS,
    )
    try {
      return await work()
    } finally {
      clearInterval(timer)
    }
  }

  get #others(): number[] {
    return Array.from({ length: this.#size - 1 }, (_, i) => i + 1)
  }

  async #judge(own: Report): Promise<Report> {
    const words = this.#others.map(() => new Int32Array(2))
    const reports = words.map((report, i) => receive(this.#mpi, i + 1, TAG.report, report))
    const silent = await waitForAll(reports, () => this.#patience.limit)
    const failed = words.findIndex(([word], i) => word === WORD.failed && !silent.includes(i))
    let verdict = own
    if (own.word === WORD.goOn && failed >= 0) {
      const reason = await this.#text(failed + 1, TAG.reason, words[failed][1])
      verdict = { word: WORD.failed, rank: failed + 1, reason }
    } else if (own.word === WORD.goOn && silent.length > 0)
      verdict = { word: WORD.silent, rank: silent[0] + 1, reason: '' }
    this.#tell(verdict)
    return verdict
  }

  async #ask({ word, reason }: Report): Promise<Report> {
    const text = new TextEncoder().encode(reason)
    this.#post(0, TAG.report, Int32Array.of(word, text.length))
    if (text.length > 0) this.#post(0, TAG.reason, text)
    for (;;) {
      const verdict = new Int32Array(3)
      const answer = receive(this.#mpi, 0, TAG.verdict, verdict)
      const late = await waitForAll([answer], () => this.#patience.limit + BUSY_EVERY_MS)
      if (late.length > 0) return { word: WORD.silent, rank: 0, reason: '' }
      if (verdict[0] === WORD.wait) continue
      return {
        word: verdict[0],
        rank: verdict[1],
        reason: await this.#text(0, TAG.verdictReason, verdict[2]),
      }
    }
  }

  #tell({ word, rank, reason }: Report): void {
    const text = new TextEncoder().encode(reason)
    for (const other of this.#others) {
      this.#post(other, TAG.verdict, Int32Array.of(word, rank, text.length))
      if (text.length > 0) this.#post(other, TAG.verdictReason, text)
    }
  }

  #post(to: number, tag: number, values: Int32Array | Uint8Array): void {
    this.#sent = this.#sent.filter(message => !message.done())
    const message = send(this.#mpi, to, tag, values)
    // The array is held by what asks whether it is done.
    this.#sent.push({ done: () => message.done() || values.length < 0 })
  }

  async #text(from: number, tag: number, length: number): Promise<string> {
    if (length === 0) return ''
    const bytes = new Uint8Array(length)
    await waitForAll([receive(this.#mpi, from, tag, bytes)], () => this.#patience.limit)
    return new TextDecoder().decode(bytes)
  }

  #error({ word, rank, reason }: Report): MachineError {
    const who = `rank ${rank} of ${this.#size}`
    if (word === WORD.failed)
      return new MachineError({
        where: who,
        expected: 'to go on',
        got: reason,
        hint: 'All ranks ended; the last checkpoint is whole: start again with --resume',
      })
    return new MachineError({
      where: who,
      expected: `an answer within ${(this.#patience.limit / 1000).toFixed(0)} s`,
      got: 'none',
      hint: 'Its process hangs or was stopped. The last checkpoint is whole: start again with --resume',
    })
  }
}
