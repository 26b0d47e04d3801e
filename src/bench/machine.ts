/** The machine that a figure belongs to, in words. */

import { availableParallelism, cpus } from 'node:os'

/** Such as `AMD EPYC 7763, 2 cores`. */
export const machine = (): string => {
  const cores = availableParallelism()
  return `${cpus()[0]?.model.trim() ?? process.arch}, ${cores} ${cores === 1 ? 'core' : 'cores'}`
}
