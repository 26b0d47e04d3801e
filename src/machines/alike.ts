/** Whether ranks are about to do the same: asked before anything is written. */

import type { Communicator } from './communicator.ts'
import { MachineError } from './machineError.ts'

/**
 * Compares facts of all ranks, such as versions and the data's fingerprint.
 * @throws MachineError on every rank, naming the first that differs from rank 0, and in what
 */
export const checkAlike = async (
  communicator: Communicator,
  facts: Readonly<Record<string, string | undefined>>,
): Promise<void> => {
  const [first, ...others] = (await communicator.gather(JSON.stringify(facts))).map(
    (text): Record<string, string | undefined> => JSON.parse(text),
  )
  for (const [i, other] of others.entries())
    for (const name of Object.keys(facts))
      if (other[name] !== first[name])
        throw new MachineError({
          where: `rank ${i + 1} of ${communicator.size}`,
          expected: `${name} ${first[name] ?? 'none'}, as rank 0 has`,
          got: other[name] ?? 'none',
          hint: 'All machines need the same version of Excite, the same command and the same images',
        })
}
