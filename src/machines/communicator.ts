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
  /**
   * Leaves in order; every rank has to. Where one failed, all are ended.
   * @param exitCode - what the launcher then ends with
   */
  close(exitCode?: number): Promise<void>
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

/**
 * The places in a batch that one rank computes: as many for each, of the first half and of the second,
 * mirrored. Mixing pairs a batch's first image with its last, so that pairs stay together; only where
 * a rank has an odd number of images they lie side by side.
 */
export const placesOf = (
  batch: number,
  { rank, size }: Pick<Communicator, 'rank' | 'size'>,
): readonly number[] => {
  const count = batch / size
  const run = (start: number, length: number): number[] =>
    Array.from({ length }, (_, i) => start + i)
  if (count % 2 === 1) return run(rank * count, count)
  const half = count / 2
  return [...run(rank * half, half), ...run(batch - (rank + 1) * half, half)]
}
