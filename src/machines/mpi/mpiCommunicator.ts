/** Ranks that exchange by MPI. */

import type { Communicator } from '../communicator.ts'
import type { Launch } from '../launcher.ts'
import { MachineError } from '../machineError.ts'
import { Agreement, reasonOf } from './agreement.ts'
import { loadMpi, type Mpi } from './library.ts'
import { Patience } from './patience.ts'
import { pinned } from './pinned.ts'

/**
 * Elements in one call of MPI: 16 MB. The library keeps a copy of what one call takes, and a copy of
 * 112 MB costs ten times as much as seven of 16.
 */
const PIECE = 4 << 20

/** MPI's level of threads at which any thread may call, one at a time. */
const SERIALIZED = 2
const MULTIPLE = 3

/** What other ranks may still have to print before all of them are ended. */
const LAST_WORDS_MS = 1000

const numberBy = (write: (value: Int32Array) => void): number => {
  const value = new Int32Array(1)
  write(value)
  return value[0]
}

class MpiCommunicator implements Communicator {
  readonly rank: number
  readonly size: number
  readonly #mpi: Mpi
  readonly #agreement: Agreement
  #last: Promise<unknown> = Promise.resolve()
  #broken = false

  constructor(mpi: Mpi, rank: number, size: number) {
    this.rank = rank
    this.size = size
    this.#mpi = mpi
    this.#agreement = new Agreement(mpi, rank, size, new Patience())
  }

  allReduce(values: readonly Float32Array[]): Promise<void> {
    const { inPlace, float, sum, world } = this.#mpi.abi
    return this.#meet(() =>
      this.#inPieces(values, piece =>
        this.#mpi.callAsync('MPI_Allreduce', inPlace, piece, piece.length, float, sum, world),
      ),
    )
  }

  broadcast(values: readonly Float32Array[]): Promise<void> {
    const { float, world } = this.#mpi.abi
    return this.#meet(() =>
      this.#inPieces(values, piece =>
        this.#mpi.callAsync('MPI_Bcast', piece, piece.length, float, 0, world),
      ),
    )
  }

  async gather(text: string): Promise<readonly string[]> {
    const { inPlace, int, sum, world } = this.#mpi.abi
    const own = new TextEncoder().encode(text)
    // What a rank does not know is zero with it, so that sums put together what each knows.
    const lengths = pinned(new Int32Array(this.size))
    lengths[this.rank] = own.length
    const add = (values: Int32Array): Promise<void> =>
      this.#mpi.callAsync('MPI_Allreduce', inPlace, values, values.length, int, sum, world)
    await this.#meet(() => add(lengths))
    const ends = lengths.map((_, i) => lengths.subarray(0, i + 1).reduce((a, b) => a + b, 0))
    const all = pinned(new Int32Array(ends[this.size - 1]))
    all.set(own, ends[this.rank] - own.length)
    if (all.length > 0) await this.#meet(() => add(all))
    const bytes = Uint8Array.from(all)
    return Array.from(lengths, (length, i) =>
      new TextDecoder().decode(bytes.subarray(ends[i] - length, ends[i])),
    )
  }

  async onFirst<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    return this.rank === 0 ? await this.#agreement.busy(work) : undefined
  }

  async fail(reason: unknown): Promise<void> {
    if (this.#broken) return
    await this.#last
    this.#broken = true
    await this.#agreement.meet(reasonOf(reason)).catch(() => {})
  }

  async close(exitCode = 1): Promise<void> {
    await this.#last
    if (!this.#broken) {
      await this.#meet(async () => {}).catch(() => {})
      if (!this.#broken) return this.#mpi.call('MPI_Finalize')
    }
    // The exit code is that of whoever ends all: rank 0, which knows the reason, unless it hangs.
    const wait = LAST_WORDS_MS * (this.rank === 0 ? 1 : 2)
    await new Promise(resolve => setTimeout(resolve, wait))
    this.#mpi.call('MPI_Abort', this.#mpi.abi.world, exitCode || 1)
  }

  /** One exchange at a time: two at once on one communicator give wrong sums, without a word. */
  #meet(exchange: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(async () => {
      try {
        await this.#agreement.meet()
        await exchange()
      } catch (error) {
        this.#broken = true
        throw error
      }
    })
    this.#last = turn.catch(() => {})
    return turn
  }

  async #inPieces(
    values: readonly Float32Array[],
    exchange: (piece: Float32Array) => Promise<void>,
  ): Promise<void> {
    for (const whole of values)
      for (let start = 0; start < whole.length; start += PIECE)
        await exchange(pinned(whole.subarray(start, start + PIECE)))
  }
}

/**
 * Joins the processes that a launcher started.
 * @throws MachineError where MPI is missing, cannot be called from several threads, or counts other
 * processes than the launcher
 */
export const joinByMpi = async (launch: Launch): Promise<Communicator> => {
  const mpi = await loadMpi(launch)
  const level = numberBy(value => mpi.call('MPI_Init_thread', null, null, MULTIPLE, value))
  const rank = numberBy(value => mpi.call('MPI_Comm_rank', mpi.abi.world, value))
  const size = numberBy(value => mpi.call('MPI_Comm_size', mpi.abi.world, value))
  const refuse = (expected: string, got: string, hint: string): never => {
    // In order, not by MPI_Abort, which would end the process before anybody has read why.
    mpi.call('MPI_Finalize')
    throw new MachineError({ where: `${mpi.version} (${mpi.path})`, expected, got, hint })
  }
  if (size !== launch.size || rank !== launch.rank)
    return refuse(
      `rank ${launch.rank} of ${launch.size}, as ${launch.launcher} says`,
      `rank ${rank} of ${size}`,
      'The launcher and the library are of different MPIs: use the launcher that came with it',
    )
  if (level < SERIALIZED)
    return refuse('calls from any thread', `thread level ${level}`, 'Use an MPI built with threads')
  return new MpiCommunicator(mpi, rank, size)
}
