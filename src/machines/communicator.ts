/** Several processes that compute one training together: who they are, and what they exchange. */

/**
 * What ranks exchange. Every rank calls the same methods in the same order; each call is a meeting of
 * all, and where one of them cannot come, it throws for all.
 */
export interface Communicator {
  /** Which of the processes this is, from 0. */
  readonly rank: number
  /** How many there are. */
  readonly size: number
  /**
   * Adds up, in place, what the ranks give, any number of arrays at one meeting: the same bits on each
   * of them.
   * @throws MachineError that names the rank that failed, and why
   */
  allReduce(values: readonly Float32Array[]): Promise<void>
  /**
   * Gives every rank the values of rank 0, in place.
   * @throws MachineError that names the rank that failed, and why
   */
  broadcast(values: readonly Float32Array[]): Promise<void>
  /**
   * Collects a text of each rank, in their order, on all of them.
   * @throws MachineError that names the rank that failed, and why
   */
  gather(text: string): Promise<readonly string[]>
  /**
   * Does what takes rank 0 long, such as saving, while the others wait for it at the next meeting.
   * Elsewhere nothing is done.
   */
  onFirst<Result>(work: () => Promise<Result>): Promise<Result | undefined>
  /** Tells the others, at their next meeting, that this rank cannot go on. */
  fail(reason: unknown): Promise<void>
  /** Leaves in order; every rank has to. */
  close(): Promise<void>
}

/** A process by itself. */
export const alone: Communicator = {
  rank: 0,
  size: 1,
  allReduce: async () => {},
  broadcast: async () => {},
  gather: async text => [text],
  onFirst: work => work(),
  fail: async () => {},
  close: async () => {},
}

/** The part of a batch that one rank computes: which samples, from 0. */
export interface Share {
  readonly start: number
  readonly count: number
}

/** The samples of a rank: as many for each, one after the other. */
export const shareOf = (
  batch: number,
  { rank, size }: Pick<Communicator, 'rank' | 'size'>,
): Share => ({
  start: (rank * batch) / size,
  count: batch / size,
})
