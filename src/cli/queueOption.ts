/** The address of a queue, on the command line or, since it may hold a password, in the environment. */

import type { QueueAddress } from '../machines/queue/server.ts'

/** @throws UsageError where it is none; MachineError where nobody answers there */
export const openQueue = async (url?: string | boolean): Promise<QueueAddress> => {
  const server = await import('../machines/queue/server.ts')
  const { checkReachable, queueAddress, QUEUE_VARIABLE } = server
  const given = typeof url === 'string' ? url : process.env[QUEUE_VARIABLE]
  const address = queueAddress(given ?? '')
  await checkReachable(address)
  return address
}
