/** Messages between two ranks, waited for from the event loop, with a limit of time. */

import type { Argument, Mpi } from './library.ts'
import { pinned } from './pinned.ts'

/** A message under way: its buffers have to stay until it is done. */
export interface Pending {
  /** Whether it has been sent, or received; asking is what moves it on. */
  done(): boolean
}

/** A request takes 8 bytes at most, a status 32: both have room to spare. */
const ROOM = 8

const pending = (mpi: Mpi, start: (request: BigInt64Array) => void): Pending => {
  const request = pinned(new BigInt64Array(ROOM))
  const flag = pinned(new Int32Array(1))
  const status = pinned(new BigInt64Array(ROOM))
  start(request)
  let ended = false
  return {
    done: () => {
      if (!ended) mpi.call('MPI_Test', request, flag, status)
      ended ||= flag[0] !== 0
      return ended
    },
  }
}

/** Sends whole numbers, or bytes, to a rank; what it sends must not change until it is done. */
export const send = (mpi: Mpi, to: number, tag: number, values: Int32Array | Uint8Array): Pending =>
  pending(mpi, request => mpi.call('MPI_Isend', ...message(mpi, to, tag, values), request))

/** Receives into an array as long as what was sent. */
export const receive = (
  mpi: Mpi,
  from: number,
  tag: number,
  values: Int32Array | Uint8Array,
): Pending =>
  pending(mpi, request => mpi.call('MPI_Irecv', ...message(mpi, from, tag, values), request))

const message = (
  { abi }: Mpi,
  rank: number,
  tag: number,
  values: Int32Array | Uint8Array,
): Argument[] => {
  const type = values instanceof Int32Array ? abi.int : abi.byte
  return [pinned(values), values.length, type, rank, tag, abi.world]
}

/** For so long the processor is kept: what comes sooner is not delayed by a timer. */
const KEEN_MS = 2

/**
 * Waits for all, letting other work go on.
 * @returns which of them are not done after so many milliseconds; none where all are
 */
export const waitForAll = async (
  messages: readonly Pending[],
  limit: () => number,
): Promise<readonly number[]> => {
  const start = performance.now()
  let open = messages.map((_, i) => i)
  for (;;) {
    open = open.filter(i => !messages[i].done())
    const waited = performance.now() - start
    if (open.length === 0 || waited > limit()) return open
    await new Promise<void>(resolve =>
      waited < KEEN_MS ? setImmediate(resolve) : setTimeout(resolve, 1),
    )
  }
}
