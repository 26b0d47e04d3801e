/**
 * What a worker has of a run: not the run, but a while of it, renewed as long as the server answers.
 * Another may take the run when that while is over, so before it is, the work has to end by itself.
 */

/** The part of a lease without renewal after which the run saves and stops, and after which it is ended. */
const STOP_AFTER = 0.6
const END_AFTER = 0.9

export class Lease {
  readonly ms: number
  #lost = new AbortController()
  #over = new AbortController()
  #timers: NodeJS.Timeout[] = []

  constructor(ms: number) {
    this.ms = ms
  }

  /** Aborts when the run may soon be another's. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** Aborts when there is no time left, not even to save. */
  get over(): AbortSignal {
    return this.#over.signal
  }

  /** Begins with a run; gives what is to stop it. */
  begin(signal: AbortSignal): AbortSignal {
    this.#lost = new AbortController()
    this.#over = new AbortController()
    this.renew()
    return AbortSignal.any([signal, this.#lost.signal])
  }

  renew(): void {
    this.end()
    this.#timers = [
      setTimeout(() => this.#lost.abort(), STOP_AFTER * this.ms).unref(),
      setTimeout(() => this.#over.abort(), END_AFTER * this.ms).unref(),
    ]
  }

  /** The server gave the run to another: nothing is to be saved any more. */
  lose(): void {
    this.#lost.abort()
    this.#over.abort()
  }

  end(): void {
    for (const timer of this.#timers) clearTimeout(timer)
  }
}
