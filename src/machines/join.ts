/** The communicator of this process: that of its launcher, or none but itself. */

import { alone, type Communicator } from './communicator.ts'
import { launchOf } from './launcher.ts'
import { joinByMpi } from './mpi/mpiCommunicator.ts'

let joined: Promise<Communicator> | undefined

/**
 * Joins the others where a launcher started several processes; MPI is loaded only then.
 * @throws MachineError where that fails
 */
export const join = (): Promise<Communicator> => {
  const launch = launchOf()
  joined ??= launch === undefined || launch.size < 2 ? Promise.resolve(alone) : joinByMpi(launch)
  return joined
}
