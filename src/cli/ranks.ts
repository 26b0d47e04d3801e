/** A command that a launcher started several times: one training, of which the first process speaks. */

import type { Communicator } from '../machines/communicator.ts'

let joined: Communicator | undefined

/** Joins the other processes, where a launcher started some; MPI is loaded only then. */
export const joinRanks = async (): Promise<Communicator> => {
  const { join } = await import('../machines/join.ts')
  joined = await join()
  return joined
}

/** Whether this process is the one that prints. */
export const speaks = (): boolean => (joined?.rank ?? 0) === 0

/** Tells the others that this process cannot go on. */
export const failRanks = async (error: unknown): Promise<void> => {
  await joined?.fail(error)
}

/** Leaves the others in order, or ends them all where one has failed. */
export const leaveRanks = async (exitCode: number): Promise<void> => {
  await joined?.close(exitCode)
}
