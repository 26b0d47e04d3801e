/**
 * How long ranks wait for each other. A rank that takes much longer than this one did for the same
 * work has stopped, and the others should not wait for it for ever: MPI itself would.
 */

/** At the start ranks read and compile, and one may do so from a slow disk. */
const START_MS = 120_000
const STARTING = 4

/** Afterwards: this, and several times what this rank itself took between two of the last meetings. */
const REST_MS = 5_000
const TIMES = 3
const REMEMBERED = 8

export class Patience {
  #meetings = 0
  #left = performance.now()
  readonly #took: number[] = []

  /** This rank comes to a meeting: what it did since the last is what others may take as well. */
  arrive(): void {
    this.#took[this.#meetings % REMEMBERED] = performance.now() - this.#left
  }

  leave(): void {
    this.#meetings++
    this.#left = performance.now()
  }

  /** Milliseconds to wait for the others. */
  get limit(): number {
    return (this.#meetings < STARTING ? START_MS : REST_MS) + TIMES * Math.max(0, ...this.#took)
  }
}
