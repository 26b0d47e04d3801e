/** How many threads a rank computes with, so that ranks of one machine share its cores. */

import { availableParallelism, cpus } from 'node:os'
import { launchOf } from './launcher.ts'

/**
 * One per core for a process by itself; among ranks of one machine an equal part. A launcher that has
 * bound the rank to some cores has shared them out already.
 */
export const defaultThreads = (): number => {
  const cores = availableParallelism()
  const isBound = cores < cpus().length
  return isBound ? cores : Math.max(1, Math.floor(cores / (launchOf()?.localSize ?? 1)))
}
